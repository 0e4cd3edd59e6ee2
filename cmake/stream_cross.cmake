# Archives for architectures other than the machine's own.
#
#   stream_cross_archive(<name> <architecture> [CXX_SOURCES <file>...] [CXX_OPTIONS <option>...]
#                        [C_SOURCES <file>...] [C_OPTIONS <option>...] [OPTIONS <option>...])
#
# makes lib/<architecture>/lib<name>.a with Debian's cross compiler <architecture>-g++, as part of `all`; where that
# is not installed, it makes nothing. The architecture is Debian's name, such as aarch64-linux-gnu. OPTIONS
# are for both languages.
#
# CMake knows one compiler a language, so each file is compiled by a command of its own: the same Ninja
# then builds everything, and knows which headers a file includes.

#
#   stream_cross_openssl(<architecture>)
#
# finds OpenSSL's headers and static libraries for it, where `./dev setup --targets` unpacks them or Debian's packages
# install them; sets STREAM_OPENSSL_OPTIONS_<architecture>, empty where there are none, and puts the libraries beside
# the archives.

option(STREAM_CROSS "Make the runtimes for other machines whose cross compilers are installed" ON)

# The compilers see their own system only. Header-only packages are shown to them alone, by links.
set(STREAM_CROSS_INCLUDES ${PROJECT_BINARY_DIR}/cross_include)
file(MAKE_DIRECTORY ${STREAM_CROSS_INCLUDES})
foreach(package IN ITEMS fmt CLI)
  find_path(STREAM_${package}_FOLDER ${package} REQUIRED)
  mark_as_advanced(STREAM_${package}_FOLDER)
  file(CREATE_LINK ${STREAM_${package}_FOLDER}/${package} ${STREAM_CROSS_INCLUDES}/${package} SYMBOLIC)
endforeach()

set(STREAM_CROSS_PACKAGES $ENV{HOME}/.cache/stream/packages CACHE PATH
    "Where packages of other architectures are unpacked, each in a folder of the architecture's name")

add_custom_target(stream_cross_archives ALL)

function(stream_cross_openssl architecture)
  set(STREAM_OPENSSL_OPTIONS_${architecture} "" PARENT_SCOPE)
  foreach(root IN ITEMS ${STREAM_CROSS_PACKAGES}/${architecture} "")
    set(libraries ${root}/usr/lib/${architecture})
    set(includes ${root}/usr/include)
    if(EXISTS ${libraries}/libssl.a AND EXISTS ${libraries}/libcrypto.a AND
       EXISTS ${includes}/openssl/ssl.h AND EXISTS ${includes}/${architecture}/openssl/configuration.h)
      file(COPY ${libraries}/libssl.a ${libraries}/libcrypto.a
           DESTINATION ${CMAKE_ARCHIVE_OUTPUT_DIRECTORY}/${architecture})
      # Behind the compiler's own folders, of which the last is /usr/include.
      set(STREAM_OPENSSL_OPTIONS_${architecture}
          -idirafter ${includes}/${architecture} -idirafter ${includes} PARENT_SCOPE)
      return()
    endif()
  endforeach()
endfunction()

# Compiles one file; sets `object` in the caller.
function(stream_cross_compile folder compiler source)
  cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} NORMALIZE)
  file(RELATIVE_PATH path ${PROJECT_SOURCE_DIR} ${source})
  string(REPLACE "/" "_" path ${path})
  set(object ${folder}/${path}.o)
  add_custom_command(
    OUTPUT ${object}
    COMMAND ${CMAKE_CXX_COMPILER_LAUNCHER} ${compiler} ${ARGN} -MD -MF ${object}.d -c ${source} -o ${object}
    DEPENDS ${source}
    DEPFILE ${object}.d
    COMMENT "Building ${object}"
    VERBATIM COMMAND_EXPAND_LISTS)
  set(object ${object} PARENT_SCOPE)
endfunction()

function(stream_cross_archive name architecture)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "CXX_SOURCES;CXX_OPTIONS;C_SOURCES;C_OPTIONS;OPTIONS")
  find_program(STREAM_CXX_${architecture} ${architecture}-g++)
  find_program(STREAM_C_${architecture} ${architecture}-gcc)
  find_program(STREAM_AR_${architecture} ${architecture}-ar)
  mark_as_advanced(STREAM_CXX_${architecture} STREAM_C_${architecture} STREAM_AR_${architecture})
  if(NOT STREAM_CROSS OR NOT STREAM_CXX_${architecture} OR NOT STREAM_C_${architecture} OR
     NOT STREAM_AR_${architecture})
    return()
  endif()

  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${architecture})
  file(MAKE_DIRECTORY ${folder} ${CMAKE_ARCHIVE_OUTPUT_DIRECTORY}/${architecture})
  # A section for each function: executables leave out what they do not call.
  set(common -O2 -ffp-contract=off -fno-pie -ffunction-sections -fdata-sections
      -ffile-prefix-map=${PROJECT_SOURCE_DIR}/= ${arg_OPTIONS})
  set(objects)
  foreach(source IN LISTS arg_CXX_SOURCES)
    stream_cross_compile(${folder} ${STREAM_CXX_${architecture}} ${source}
      -std=c++20 -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -Wno-psabi ${common}
      -I${PROJECT_SOURCE_DIR} -isystem ${STREAM_CROSS_INCLUDES} -DFMT_HEADER_ONLY=1 ${arg_CXX_OPTIONS})
    list(APPEND objects ${object})
  endforeach()
  foreach(source IN LISTS arg_C_SOURCES)
    stream_cross_compile(${folder} ${STREAM_C_${architecture}} ${source} ${common} ${arg_C_OPTIONS})
    list(APPEND objects ${object})
  endforeach()

  set(archive ${CMAKE_ARCHIVE_OUTPUT_DIRECTORY}/${architecture}/lib${name}.a)
  add_custom_command(
    OUTPUT ${archive}
    COMMAND ${CMAKE_COMMAND} -E rm -f ${archive}
    COMMAND ${STREAM_AR_${architecture}} crs ${archive} ${objects}
    DEPENDS ${objects}
    COMMENT "Linking ${archive}"
    VERBATIM)
  add_custom_target(${name}_${architecture} DEPENDS ${archive})
  add_dependencies(stream_cross_archives ${name}_${architecture})
endfunction()
