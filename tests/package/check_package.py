#!/usr/bin/env python3
"""Installs the program as a user would, hides the source tree from it, and samples and filters with it.

    check_package.py BUILD_FOLDER [--video-io]

The archive of cpack is made without LibTorch, which the program then loads from where the build found it.
Exit 77: the source tree cannot be hidden here (that takes mount namespaces).
"""
import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PROMPT = "Four white geese swim away across a calm brown pond in warm low sunlight."
# All that an installed program may use of the machine; it starts in / and finds its files by itself.
ENVIRONMENT = ["env", "-i", "PATH=/usr/bin:/bin"]


def unpack_package(build, folder):
    """Makes the archive and unpacks it; the path of its only folder."""
    command = ["cpack", "--config", build / "CPackConfig.cmake", "-G", "TGZ", "-B", folder / "out",
               "-D", "CPACK_CUSTOM_INSTALL_VARIABLES=SANA_BUNDLE_TORCH=OFF"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    [archive] = (folder / "out").glob("*.tar.gz")
    (folder / "unpacked").mkdir()
    subprocess.run(["tar", "-xzf", archive, "-C", folder / "unpacked"], check=True)
    [home] = (folder / "unpacked").iterdir()
    return home


def hidden(build):
    """What a user's machine does not have: empty folders are laid over these."""
    folders = [SOURCE / name for name in ("src", "configs", "examples", "third_party/all-MiniLM-L6-v2")]
    files = [build / "sana-video", build / "libsana_opencv.so"]
    return [path for path in folders if path.is_dir()], [path for path in files if path.is_file()]


def in_hiding(build, empty, command):
    """`command` where the source tree and the build are out of sight, in / and without environment."""
    folders, files = hidden(build)
    script = "".join(f"mount --bind '{empty}' '{path}'\n" for path in folders)
    script += "".join(f"mount --bind /dev/null '{path}'\n" for path in files)
    script += 'cd / && exec "$@"'
    return ["unshare", "--mount", "--map-root-user", "sh", "-ec", script, "sh", *ENVIRONMENT, *map(str, command)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--video-io", action="store_true", help="the build reads and writes videos")
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "empty").mkdir()
        if subprocess.run(in_hiding(build, folder / "empty", ["true"]), capture_output=True).returncode != 0:
            print("skipped: the source tree cannot be hidden from the program here")
            return 77
        home = unpack_package(build, folder)
        share, program = home / "share/sana-video", home / "bin/sana-video"
        for notice in ("LICENSE", "NOTICE", "examples/DATA.md"):
            assert (share / notice).is_file(), f"the package has no {notice}"
        out = folder / ("geese.mp4" if arguments.video_io else "goose.png")
        commands = [
            [program, "version"],
            [program, "sample", "--checkpoint", share / "examples/checkpoints/dit", "--prompt", PROMPT,
             "--frames", 5 if arguments.video_io else 1, "--steps", 2, "--device", "cpu", "--out", out]]
        if arguments.video_io:
            shutil.copytree(SOURCE / "examples/held_out", folder / "raw")
            commands.append([program, "filter", share / "configs/examples/filter_clips.yaml",
                             f"sources=[{folder / 'raw'}]", f"output={folder / 'filtered'}"])
        for command in commands:
            print("==", *command, flush=True)
            code = subprocess.run(in_hiding(build, folder / "empty", command)).returncode
            if code != 0:
                print(f"exit code {code}")
                return 1
        assert out.stat().st_size > 0, f"{out} is empty"
    print("the package works where the source tree is not")
    return 0


if __name__ == "__main__":
    sys.exit(main())
