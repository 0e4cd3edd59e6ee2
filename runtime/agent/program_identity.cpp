#include "runtime/agent/program_identity.h"

#include <fmt/format.h>

#include <cstring>
#include <span>

#include "runtime/base/value_text.h"
#include "runtime/transport/crc32c.h"

namespace streamrt {

namespace {

std::string params_text(const StreamProgram& program) {
  std::string text;
  for (std::int64_t i = 0; i < program.param_count; ++i) {
    const StreamParam& param = program.params[i];
    const void* const leaf = param.storage;
    text += fmt::format("{}=", param.name);
    append_value(text, *param.type, &leaf);
    text += '\n';
  }
  return text;
}

}  // namespace

SemanticHash semantic_hash(const StreamProgram& program) {
  SemanticHash hash{};
  std::memcpy(hash.data(), program.semantic_hash, hash.size());
  const std::string params = params_text(program);
  if (params.empty()) return hash;
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < hash.size(); i += sizeof sum) {
    sum = crc32c(std::span(hash).subspan(i, sizeof sum), sum);
    sum = crc32c(std::as_bytes(std::span(params)), sum);
    std::memcpy(hash.data() + i, &sum, sizeof sum);
  }
  return hash;
}

std::string version_text(const SemanticHash& hash) {
  constexpr std::size_t kBytes = 6;
  std::string text;
  for (std::size_t i = 0; i < kBytes; ++i)
    text += fmt::format("{:02x}", static_cast<unsigned>(hash[i]));
  return text;
}

std::string queue_schema(const StreamQueue& queue) {
  return fmt::format("{}{}{}", type_text(*queue.type), queue.has_valid != 0 ? " with holes" : "",
                     queue.has_stamps != 0 ? " with stamps" : "");
}

}  // namespace streamrt
