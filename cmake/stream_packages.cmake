# Third-party packages, each behind one target. All are Debian 12 packages (cmake/debian_packages.txt).
#
#   stream::llvm    LLVM 19, shared: links in seconds
#   stream::lld     the ELF linker as a library
#   stream::antlr   the ANTLR 4 runtime
#   stream::openssl TLS
#   fmt::fmt  CLI11::CLI11  nlohmann_json::nlohmann_json  doctest::doctest  Threads::Threads

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(doctest REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)

add_library(stream_openssl INTERFACE)
add_library(stream::openssl ALIAS stream_openssl)
target_link_libraries(stream_openssl INTERFACE OpenSSL::SSL OpenSSL::Crypto)

# LLVM's package looks for optional parts of its own; what it finds is of no interest here.
set(CMAKE_FIND_PACKAGE_QUIET_BEFORE ${CMAKE_MESSAGE_LOG_LEVEL})
set(CMAKE_MESSAGE_LOG_LEVEL WARNING)
find_package(LLVM 19.1 REQUIRED CONFIG HINTS /usr/lib/llvm-19/lib/cmake/llvm)
set(CMAKE_MESSAGE_LOG_LEVEL ${CMAKE_FIND_PACKAGE_QUIET_BEFORE})

add_library(stream_llvm INTERFACE)
add_library(stream::llvm ALIAS stream_llvm)
target_include_directories(stream_llvm SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS})
target_link_libraries(stream_llvm INTERFACE LLVM)

# By hand: lld's own CMake package also demands the executable and every flavour of the linker.
find_library(STREAM_LLD_ELF lldELF PATHS ${LLVM_LIBRARY_DIRS} NO_DEFAULT_PATH REQUIRED)
find_library(STREAM_LLD_COMMON lldCommon PATHS ${LLVM_LIBRARY_DIRS} NO_DEFAULT_PATH REQUIRED)
find_library(STREAM_ZLIB z REQUIRED)
find_library(STREAM_ZSTD zstd REQUIRED)
mark_as_advanced(STREAM_LLD_ELF STREAM_LLD_COMMON STREAM_ZLIB STREAM_ZSTD)
add_library(stream_lld INTERFACE)
add_library(stream::lld ALIAS stream_lld)
target_include_directories(stream_lld SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS})
target_link_libraries(stream_lld INTERFACE ${STREAM_LLD_ELF} ${STREAM_LLD_COMMON} LLVM
                                           ${STREAM_ZLIB} ${STREAM_ZSTD} Threads::Threads)

# The runtime's headers hold u8 literals in std::string, which C++20 forbids unless char8_t is off.
find_path(STREAM_ANTLR_INCLUDE_DIR antlr4-runtime.h PATH_SUFFIXES antlr4-runtime REQUIRED)
find_library(STREAM_ANTLR_LIBRARY antlr4-runtime REQUIRED)
find_program(STREAM_ANTLR_TOOL antlr4 REQUIRED)
mark_as_advanced(STREAM_ANTLR_INCLUDE_DIR STREAM_ANTLR_LIBRARY STREAM_ANTLR_TOOL)
add_library(stream_antlr INTERFACE)
add_library(stream::antlr ALIAS stream_antlr)
target_include_directories(stream_antlr SYSTEM INTERFACE ${STREAM_ANTLR_INCLUDE_DIR})
target_compile_options(stream_antlr INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fno-char8_t>)
target_link_libraries(stream_antlr INTERFACE ${STREAM_ANTLR_LIBRARY})
