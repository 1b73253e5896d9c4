#include "cli/command_table.h"

#include <spdlog/fmt/fmt.h>

#include "cli/nearest.h"
#include "core/error.h"

namespace sana::cli {

const std::vector<Command>& command_table() {
  static const std::vector<Command> table = {
      {"filter",
       "Cut raw videos into shots, score them, and choose those that each training stage wants.",
       {"sana-video filter configs/examples/filter_clips.yaml",
        "sana-video filter configs/examples/filter_clips.yaml --decide stages.0.criteria.0.min=2",
        "sana-video filter configs/examples/filter_clips.yaml --export runs/filtered/clips"},
       filter_command},
      {"prepare",
       "Turn clips (a folder, shards or a list) into a prepared data set.",
       {"sana-video prepare configs/examples/prepare_quickstart.yaml",
        "sana-video prepare configs/examples/prepare_quickstart.yaml output=prepared/mine",
        "sana-video prepare configs/examples/prepare_quickstart.yaml --log-level debug"},
       prepare_command},
      {"train",
       "Train a video model, or a VAE, on a prepared data set.",
       {"sana-video train configs/examples/train_quickstart.yaml",
        "sana-video train configs/examples/train_quickstart.yaml run.dir=runs/longer "
        "train.steps=200",
        "sana-video train configs/examples/train_quickstart.yaml device=cpu precision=float32"},
       train_command},
      {"launch",
       "Start a training as several processes of this machine, watch them and start them again.",
       {"sana-video launch --nproc 2 train configs/examples/train_quickstart.yaml device=cpu "
        "run.dir=runs/together data.batch_size=1",
        "sana-video launch --nproc 8 --max-restarts 3 train CONFIG",
        "sana-video launch --nproc 8 --nnodes 4 --node-rank 1 --rendezvous gpu01:29500 train CONFIG"},
       launch_command},
      {"sample",
       "Generate videos from prompts.",
       {"sana-video sample --checkpoint examples/checkpoints/dit --prompt \"Four white geese swim "
        "away across a calm brown pond in warm low sunlight.\" --out geese.mp4",
        "sana-video sample --checkpoint runs/quickstart --prompt \"A thin white waterfall drops "
        "down a dark rocky cliff between bright green grassy slopes.\" --seed 7 --out "
        "waterfall.mp4",
        "sana-video sample --checkpoint examples/checkpoints/dit --prompts-file "
        "examples/prompts.txt --out samples"},
       sample_command},
      {"check",
       "Say how much memory a sample or a training will need, by owner, before it starts.",
       {"sana-video check configs/examples/train_quickstart.yaml",
        "sana-video check --checkpoint examples/checkpoints/dit",
        "sana-video check --checkpoint SANA-Video_2B_720p_diffusers --device cuda --tile 512 "
        "--vae-dtype bfloat16"},
       check_command},
      {"verify",
       "Compare the models of this build with reference tensors.",
       {"sana-video verify tests/data/dit_480_tiny.safetensors",
        "sana-video verify tests/data/dit_480_tiny.safetensors --device cuda --dtype bfloat16",
        "sana-video verify tests/data/dit_720_tiny.safetensors "
        "tests/data/wan_vae_tiny.safetensors"},
       verify_command},
      {"inspect",
       "Show what a checkpoint of any layout, file of tensors or prepared data set holds.",
       {"sana-video inspect examples/checkpoints/dit",
        "sana-video inspect examples/checkpoints/vae --tensors",
        "sana-video inspect prepared/quickstart"},
       inspect_command},
      {"export",
       "Copy what inference needs out of a training checkpoint into a small folder.",
       {"sana-video export runs/quickstart exported",
        "sana-video export runs/quickstart/step-00000010 exported-float32 --dtype float32",
        "sana-video export runs/vae exported-vae --dtype bfloat16"},
       export_command},
      {"convert",
       "Bring a SANA transformer into the layout of diffusers, of its authors, or of this program.",
       {"sana-video convert examples/checkpoints/dit converted --to diffusers",
        "sana-video convert examples/checkpoints/dit converted.pth --to original --dtype bfloat16",
        "sana-video convert converted.pth native --to native --config "
        "converted/transformer/config.json"},
       convert_command},
      {"doctor",
       "Say what this build and machine can do, with advice on what is missing.",
       {"sana-video doctor", "sana-video doctor --log-level off", "sana-video doctor > doctor.txt"},
       doctor_command},
      {"version",
       "Print the version of the program and of LibTorch.",
       {"sana-video version", "sana-video --version", "sana-video version | cut -d' ' -f2"},
       version_command},
      {"reference-config",
       "Print every configuration key with its default, range and meaning.",
       {"sana-video reference-config", "sana-video reference-config > configs/reference.yaml",
        "sana-video reference-config | grep -A3 optimizer"},
       reference_config_command,
       /*is_listed=*/false},
  };
  return table;
}

const Command& find_command(const std::string& name) {
  std::vector<std::string> names;
  for (const Command& command : command_table()) {
    if (command.name == name) return command;
    names.push_back(command.name);
  }
  const std::string guess = nearest(name, names);
  throw UserError(fmt::format("unknown command '{}'{}; 'sana-video help' lists the commands", name,
                              guess.empty() ? "" : fmt::format(" (did you mean '{}'?)", guess)));
}

std::string overview() {
  std::string text =
      "sana-video: linear-attention video diffusion, from a folder of clips to generated video\n\n"
      "usage: sana-video COMMAND ...\n\n";
  for (const Command& command : command_table()) {
    if (command.is_listed) text += fmt::format("  {:<10}{}\n", command.name, command.summary);
  }
  return text +
         "\n'sana-video help COMMAND' shows a command's options and examples. Start with:\n"
         "  scripts/quickstart.sh\n";
}

std::string examples_text(const Command& command) {
  std::string text = "Examples:\n";
  for (const std::string& example : command.examples) text += "  " + example + "\n";
  return text;
}

}  // namespace sana::cli
