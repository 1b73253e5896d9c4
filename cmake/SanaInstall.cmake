# `cmake --install` makes a folder that can lie anywhere on this machine: it loads LibTorch from where
# the build found it. `cpack` makes an archive for other machines of the same distribution, with
# LibTorch inside; so does `cmake --install` with SANA_BUNDLE_TORCH.
option(SANA_BUNDLE_TORCH "cmake --install copies LibTorch, and the CUDA libraries of a CUDA build" OFF)

set(share share/sana-video)
set(own_libraries "$ORIGIN/../lib")
string(JOIN ":" SANA_INSTALL_RPATH "${own_libraries}" ${SANA_RUNTIME_DIRS})
string(REPLACE ":" ";" rpath "${SANA_INSTALL_RPATH}")
set_target_properties(sana-video PROPERTIES INSTALL_RPATH "${rpath}")
install(TARGETS sana-video RUNTIME DESTINATION bin)
if(TARGET sana_opencv_module)
  set_target_properties(sana_opencv_module PROPERTIES INSTALL_RPATH "")
  install(TARGETS sana_opencv_module LIBRARY DESTINATION lib)
endif()
install(FILES LICENSE NOTICE README.md CHANGELOG.md DESTINATION ${share})
install(DIRECTORY configs DESTINATION ${share})
install(DIRECTORY examples/checkpoints DESTINATION ${share}/examples)
install(FILES examples/DATA.md examples/prompts.txt DESTINATION ${share}/examples)
file(REAL_PATH third_party/all-MiniLM-L6-v2 encoder BASE_DIRECTORY ${CMAKE_SOURCE_DIR})  # may be a link
install(DIRECTORY ${encoder}/ DESTINATION ${share}/all-MiniLM-L6-v2 OPTIONAL)
configure_file(cmake/bundle_torch.cmake.in ${CMAKE_BINARY_DIR}/generated/bundle_torch.cmake @ONLY)
install(SCRIPT ${CMAKE_BINARY_DIR}/generated/bundle_torch.cmake)

set(CPACK_GENERATOR TGZ)
set(CPACK_PACKAGE_VENDOR "the authors of sana-video")
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(kind cpu)
if(SANA_HAS_CUDA)
  set(kind cuda${CUDAToolkit_VERSION_MAJOR})
endif()
set(CPACK_PACKAGE_FILE_NAME sana-video-${PROJECT_VERSION}-${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR}-${kind})
set(CPACK_CUSTOM_INSTALL_VARIABLES SANA_BUNDLE_TORCH=ON)
include(CPack)
