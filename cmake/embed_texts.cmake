# Writes a C++ source with texts in it, so that streamc stays one file. Run as a script:
#
#   cmake -DOUTPUT=… -DHEADER=… -DARRAY=… -DLIST=… -P embed_texts.cmake
#
# LIST is a file with one path a line. HEADER declares `struct EmbeddedText` (name without folder and
# extension, text) and `std::span<const EmbeddedText> <ARRAY>()`, which the source defines.

file(STRINGS ${LIST} paths)
set(entries "")
foreach(path IN LISTS paths)
  cmake_path(GET path STEM LAST_ONLY name)
  file(READ ${path} text)
  string(APPEND entries "    {\"${name}\", R\"__text__(${text})__text__\"},\n")
endforeach()
file(WRITE ${OUTPUT} "// Made by cmake/embed_texts.cmake.
#include \"${HEADER}\"

#include <vector>

namespace streamc {

std::span<const EmbeddedText> ${ARRAY}() {
  static const std::vector<EmbeddedText> texts = {
${entries}  };
  return texts;
}

}  // namespace streamc
")
