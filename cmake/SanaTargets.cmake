# sana_library(<folder> [LINK targets...]): one static library per folder of src/, sharing one
# precompiled header.
function(sana_library folder)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp)
  set(target sana_${folder})
  add_library(${target} STATIC ${sources})
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR}/src ${CMAKE_BINARY_DIR}/generated)
  target_link_libraries(${target} PUBLIC ${ARG_LINK} sana_torch PRIVATE sana_options)
  sana_compile_settings(${target})
endfunction()

# The precompiled header is built once, by sana_core, and used by every other target.
function(sana_compile_settings target)
  if(target STREQUAL "sana_core")
    target_precompile_headers(${target} PRIVATE ${CMAKE_SOURCE_DIR}/src/core/precompiled.h)
  else()
    target_precompile_headers(${target} REUSE_FROM sana_core)
  endif()
  if(SANA_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  endif()
endfunction()
