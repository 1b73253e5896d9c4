# LibTorch out of the PyPI wheel, as imported libraries. find_package(Torch) is not used: it insists
# on a CUDA compiler even for CPU programs, and nothing here needs one.
set(SANA_TORCH_DIR "" CACHE PATH "Folder that holds LibTorch's include/ and lib/ (default: third_party/torch, else Python's torch)")
set(_torch ${SANA_TORCH_DIR})
if(NOT _torch AND EXISTS ${CMAKE_SOURCE_DIR}/third_party/torch/lib/libtorch_cpu.so)
  set(_torch ${CMAKE_SOURCE_DIR}/third_party/torch)
endif()
if(NOT _torch)
  execute_process(COMMAND python3 -c "import importlib.util as u; print(u.find_spec('torch').submodule_search_locations[0])"
                  OUTPUT_VARIABLE _torch OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT EXISTS "${_torch}/lib/libtorch_cpu.so")
  message(FATAL_ERROR "LibTorch was not found. Run scripts/setup.sh (fetches torch 2.11.0 into third_party/), "
                      "or give -DSANA_TORCH_DIR=<folder with include/ and lib/>.")
endif()
set(SANA_TORCH_ROOT ${_torch})

function(sana_import_torch_library name)
  add_library(${name} SHARED IMPORTED GLOBAL)
  set_target_properties(${name} PROPERTIES IMPORTED_LOCATION ${SANA_TORCH_ROOT}/lib/lib${name}.so)
endfunction()

add_library(sana_torch INTERFACE)
target_include_directories(sana_torch SYSTEM INTERFACE ${SANA_TORCH_ROOT}/include
                                                       ${SANA_TORCH_ROOT}/include/torch/csrc/api/include)
target_compile_definitions(sana_torch INTERFACE _GLIBCXX_USE_CXX11_ABI=1)
foreach(library c10 torch_cpu)
  sana_import_torch_library(${library})
  target_link_libraries(sana_torch INTERFACE ${library})
endforeach()

find_package(CUDAToolkit QUIET)
set(SANA_HAS_CUDA OFF)
if(NOT SANA_CUDA STREQUAL "OFF")
  if(CUDAToolkit_FOUND AND EXISTS ${SANA_TORCH_ROOT}/lib/libtorch_cuda.so
     AND (EXISTS ${SANA_TORCH_ROOT}/../nvidia/cusparselt OR NOT SANA_TORCH_ROOT MATCHES "third_party"))
    set(SANA_HAS_CUDA ON)
  elseif(SANA_CUDA STREQUAL "ON")
    message(FATAL_ERROR "SANA_CUDA=ON, but the CUDA 13 toolkit, libtorch_cuda.so or its NVIDIA wheels are missing. "
                        "Install the toolkit and run scripts/setup.sh --cuda, or configure with -DSANA_CUDA=OFF.")
  endif()
endif()
if(SANA_HAS_CUDA)
  foreach(library c10_cuda torch_cuda)
    sana_import_torch_library(${library})
  endforeach()
  # Nothing refers to libtorch_cuda by symbol: its kernels register themselves when it is loaded.
  target_link_libraries(sana_torch INTERFACE c10_cuda torch_cuda CUDA::cudart)
  target_link_options(sana_torch INTERFACE -Wl,--push-state,--no-as-needed,${SANA_TORCH_ROOT}/lib/libtorch_cuda.so,--pop-state)
  target_include_directories(sana_torch SYSTEM INTERFACE ${CUDAToolkit_INCLUDE_DIRS})
endif()

# libtorch_cpu needs the CUDA runtime and CUPTI even on the CPU: from the toolkit, else from wheels.
set(SANA_RUNTIME_DIRS ${SANA_TORCH_ROOT}/lib)
foreach(dir ${SANA_TORCH_ROOT}/../nvidia/cu13/lib ${CUDAToolkit_LIBRARY_DIR} ${CUDAToolkit_LIBRARY_DIR}/../extras/CUPTI/lib64)
  if(IS_DIRECTORY ${dir})
    get_filename_component(dir ${dir} REALPATH)
    list(APPEND SANA_RUNTIME_DIRS ${dir})
  endif()
endforeach()
list(REMOVE_DUPLICATES SANA_RUNTIME_DIRS)
set(CMAKE_BUILD_RPATH ${SANA_RUNTIME_DIRS})
foreach(dir ${SANA_RUNTIME_DIRS})
  add_link_options(-Wl,-rpath-link,${dir})
endforeach()

# c10d, through which processes train together: LibTorch's headers include those of Gloo, and of NCCL
# for GPUs.
find_path(SANA_GLOO_INCLUDE gloo/algorithm.h HINTS ${CMAKE_SOURCE_DIR}/third_party/gloo/include)
set(SANA_HAS_C10D OFF)
if(SANA_GLOO_INCLUDE)
  set(SANA_HAS_C10D ON)
  target_include_directories(sana_torch SYSTEM INTERFACE ${SANA_GLOO_INCLUDE})
endif()
set(SANA_HAS_NCCL OFF)
if(SANA_HAS_C10D AND SANA_HAS_CUDA)
  find_path(SANA_NCCL_INCLUDE nccl.h HINTS ${SANA_TORCH_ROOT}/../nvidia/nccl/include ${CUDAToolkit_INCLUDE_DIRS})
  if(SANA_NCCL_INCLUDE)
    set(SANA_HAS_NCCL ON)
    target_include_directories(sana_torch SYSTEM INTERFACE ${SANA_NCCL_INCLUDE})
  endif()
endif()
