#include "compiler/parse/antlr_parser.h"

#include "compiler/parse/line_recovery.h"

namespace streamc {
namespace {

using antlr4::atn::ParserATNSimulator;
using antlr4::atn::PredictionMode;

template <class Context>
Context* run_quickly(StreamParser& parser, Context* (StreamParser::*rule)()) {
  parser.removeErrorListeners();
  parser.setErrorHandler(std::make_shared<antlr4::BailErrorStrategy>());
  parser.getInterpreter<ParserATNSimulator>()->setPredictionMode(PredictionMode::SLL);
  try {
    return (parser.*rule)();
  } catch (const antlr4::ParseCancellationException&) {
    return nullptr;
  }
}

template <class Context>
Context* run_with_recovery(StreamParser& parser, Context* (StreamParser::*rule)(),
                           const std::vector<Token>& tokens, std::uint32_t end,
                           Reporter& reporter) {
  parser.removeErrorListeners();
  parser.setErrorHandler(std::make_shared<LineRecovery>(tokens, end, reporter));
  parser.getInterpreter<ParserATNSimulator>()->setPredictionMode(PredictionMode::LL);
  return (parser.*rule)();
}

}  // namespace

AntlrParser::AntlrParser(const std::vector<Token>& tokens, std::uint32_t end)
    : end_(end), source_(make_antlr_tokens(tokens, end)), stream_(&source_), parser_(&stream_) {
  tokens_.reserve(tokens.size());
  for (const Token& token : tokens) {
    if (token.type != StreamLexer::HIDDEN_NL) tokens_.push_back(token);
  }
}

StreamParser::FileContext* AntlrParser::try_file() {
  return run_quickly(parser_, &StreamParser::file);
}

StreamParser::HoleContext* AntlrParser::try_hole() {
  return run_quickly(parser_, &StreamParser::hole);
}

StreamParser::FileContext* AntlrParser::recover_file(Reporter& reporter) {
  return run_with_recovery(parser_, &StreamParser::file, tokens_, end_, reporter);
}

StreamParser::HoleContext* AntlrParser::recover_hole(Reporter& reporter) {
  return run_with_recovery(parser_, &StreamParser::hole, tokens_, end_, reporter);
}

}  // namespace streamc
