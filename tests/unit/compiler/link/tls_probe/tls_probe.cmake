# The probe as an object for each architecture that has TLS; the link tests make executables of it.
set(folder ${CMAKE_CURRENT_BINARY_DIR}/tls_probe)
set(source ${CMAKE_CURRENT_SOURCE_DIR}/compiler/link/tls_probe/tls_probe.cpp)
add_library(stream_tls_probe OBJECT ${source})
target_link_libraries(stream_tls_probe PRIVATE streamrt)
target_compile_definitions(unit_compiler_link PRIVATE
  STREAM_TLS_PROBE="$<TARGET_OBJECTS:stream_tls_probe>" STREAM_TLS_PROBE_FOLDER="${folder}")
add_dependencies(unit_compiler_link stream_tls_probe streamrt_tls)

foreach(architecture IN ITEMS aarch64-linux-gnu arm-linux-gnueabihf arm-linux-gnueabi)
  if(TARGET streamrt_tls_${architecture})
    file(MAKE_DIRECTORY ${folder}/${architecture})
    stream_cross_compile(${folder}/${architecture} ${STREAM_CXX_${architecture}} ${source}
      -std=c++20 -O1 -fno-pie -I${PROJECT_SOURCE_DIR} -isystem ${STREAM_CROSS_INCLUDES} -DFMT_HEADER_ONLY=1)
    add_custom_target(stream_tls_probe_${architecture} DEPENDS ${object})
    add_dependencies(unit_compiler_link stream_tls_probe_${architecture})
  endif()
endforeach()
