# The parser that ANTLR generates from grammar/Stream.g4, as the target `streamc_grammar`.
#
# compiler/parse links it PRIVATE and includes "StreamLexer.h" and "StreamParser.h"; no other folder may.

set(STREAM_GRAMMAR_FILE ${PROJECT_SOURCE_DIR}/grammar/Stream.g4)
if(NOT EXISTS ${STREAM_GRAMMAR_FILE})
  return()
endif()

set(folder ${PROJECT_BINARY_DIR}/generated/grammar)
set(sources)
set(headers)
foreach(part IN ITEMS Lexer Parser Visitor BaseVisitor)
  list(APPEND sources ${folder}/Stream${part}.cpp)
  list(APPEND headers ${folder}/Stream${part}.h)
endforeach()

add_custom_command(
  OUTPUT ${sources} ${headers}
  COMMAND ${STREAM_ANTLR_TOOL} -Dlanguage=Cpp -no-listener -visitor -Werror -encoding utf-8
          -o ${folder} ${STREAM_GRAMMAR_FILE}
  DEPENDS ${STREAM_GRAMMAR_FILE}
  WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}/grammar
  COMMENT "Generating the parser from grammar/Stream.g4"
  VERBATIM)

add_library(streamc_grammar STATIC ${sources} ${headers})
target_include_directories(streamc_grammar SYSTEM PUBLIC ${folder})
target_compile_options(streamc_grammar PRIVATE -w)  # Generated code: not ours to mend.
target_link_libraries(streamc_grammar PUBLIC stream::antlr)
if(STREAM_PRECOMPILED_HEADERS)
  target_precompile_headers(streamc_grammar PRIVATE <antlr4-runtime.h>)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(streamc_grammar PRIVATE -fpch-preprocess)
  endif()
endif()
