# Compiler settings shared by every target: warnings as errors on our code, ccache and mold when present.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
find_program(SANA_CCACHE ccache)
if(SANA_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Precompiled headers need these two allowances, else every compilation is a miss.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${SANA_CCACHE})
endif()
find_program(SANA_MOLD mold)
if(SANA_MOLD)
  add_link_options(-fuse-ld=mold)
else()
  # libtorch_cpu names libraries that only its Python package unpacks; they are found at run time.
  add_link_options(-Wl,--allow-shlib-undefined)
endif()

# libtorch_cpu exports parts of the libstdc++ it was built with. Without this the program would take
# half of its C++ library from there and free what the other half allocated.
# By path, since some machines have only a static library for -lstdc++.
execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=libstdc++.so.6
                OUTPUT_VARIABLE SANA_LIBSTDCXX OUTPUT_STRIP_TRAILING_WHITESPACE)
add_link_options(-Wl,--push-state,--no-as-needed,${SANA_LIBSTDCXX},--pop-state)

add_library(sana_options INTERFACE)
target_compile_options(sana_options INTERFACE -Wall -Wextra -Wpedantic -Wno-unknown-pragmas
                                              -Winvalid-pch -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(sana_options INTERFACE -fpch-preprocess)
endif()
if(SANA_WERROR)
  target_compile_options(sana_options INTERFACE -Werror)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
    # False alarms about array bounds inside std::vector<bool> and std::string.
    target_compile_options(sana_options INTERFACE -Wno-error=array-bounds)
  endif()
endif()
if(SANA_ASAN)
  # GCC's maybe-uninitialized has false alarms in instrumented code (std::regex, std::optional).
  target_compile_options(sana_options INTERFACE -fsanitize=address,undefined -fno-sanitize=vptr
                                                -Wno-maybe-uninitialized)
  target_link_options(sana_options INTERFACE -fsanitize=address,undefined)
endif()
if(SANA_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "SANA_FUZZ needs clang and its runtime (scripts/setup.sh --fuzz): cmake --preset fuzz.")
  endif()
  target_compile_options(sana_options INTERFACE -fsanitize=fuzzer-no-link,address,undefined
                                                -fno-sanitize=vptr,function -fno-sanitize-recover=undefined)
  target_link_options(sana_options INTERFACE -fsanitize=address,undefined -fno-sanitize=vptr,function)
endif()
if(SANA_LTO)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
endif()
