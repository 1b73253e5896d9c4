// Defaults of the public pipelines for checkpoints that come without a pipeline.json.
#pragma once
#include "checkpoints/checkpoint_parts.h"
#include "checkpoints/pipeline_config.h"
#include "checkpoints/transformer_source.h"

namespace sana::checkpoints {

// Size, sampler, prompt style and text encoder as the public pipelines have them for this
// transformer: a diffusers folder as its Python pipeline, an original file as the authors' program.
// The scheduler's configuration is read where there is one. Throws UserError.
PipelineConfig public_pipeline(const TransformerSource& transformer, const CheckpointParts& parts);

// Folder or file of the VAE that belongs to it. Throws UserError that names --vae.
std::filesystem::path public_vae_path(const TransformerSource& transformer);

}  // namespace sana::checkpoints
