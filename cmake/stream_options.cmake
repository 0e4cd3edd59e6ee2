# Language level, warnings and build modes, for every target of the project.

option(STREAM_WERROR "Warnings are errors" OFF)
option(STREAM_PRECOMPILED_HEADERS "Precompile the headers of LLVM and ANTLR where they are used" ON)
option(STREAM_CCACHE "Use ccache where it is installed" ON)
set(STREAM_SANITIZE "" CACHE STRING "Sanitizers to build with, as -fsanitize= takes them")
option(STREAM_FUZZ "Build the fuzz targets for libFuzzer (needs Clang)" OFF)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug or Release" FORCE)
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)

# No NDEBUG: assertions off the item path are part of the product, in all builds.
set(CMAKE_CXX_FLAGS_RELEASE "-O2")
set(CMAKE_C_FLAGS_RELEASE "-O2")

# One rounding for each operation: results must not depend on what a target can fuse.
add_compile_options(-ffp-contract=off)

# Designated initialisers leave the rest of a struct to its defaults, which -Wextra calls missing.
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wno-unused-parameter
                    -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports these inside its own <string>, <optional> and <variant> once it inlines (PR105651, PR80635).
  add_compile_options(-Wno-restrict -Wno-maybe-uninitialized -Wno-array-bounds
                      -Wno-stringop-overflow -Wno-stringop-overread)
endif()
if(STREAM_WERROR)
  add_compile_options(-Werror)
endif()

if(STREAM_SANITIZE)
  add_compile_options(-fsanitize=${STREAM_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${STREAM_SANITIZE})
endif()
# libFuzzer learns from the branches that are taken, so all of the code is compiled for it; and unoptimised, millions of
# executions would take hours.
if(STREAM_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link -O2)
endif()

find_program(STREAM_CCACHE_PROGRAM ccache)
mark_as_advanced(STREAM_CCACHE_PROGRAM)
if(STREAM_CCACHE AND STREAM_CCACHE_PROGRAM)
  # Precompiled headers need the sloppiness; NOHASHDIR lets build directories share results.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros
      CCACHE_NOHASHDIR=1 ${STREAM_CCACHE_PROGRAM})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()
