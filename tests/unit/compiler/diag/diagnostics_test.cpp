// The sink of messages, their renderings, and "did you mean".
#include <doctest/doctest.h>

#include <array>
#include <string>
#include <string_view>

#include "compiler/diag/closest_name.h"
#include "compiler/diag/diagnostics.h"
#include "compiler/diag/render.h"

namespace streamc {
namespace {

TEST_CASE("a message is rendered with place, caret, labels and help") {
  SourceManager sources;
  const FileId id = sources.add_buffer("a.stream", "x = 1\n\tyé = 2 + `3`\n");
  DiagnosticSink sink;
  sink.report(diag::UnexpectedText, {id, 16, 19}, "a value", "a quote")
      .label({id, 0, 1}, "as here")
      .note("there are no quotes")
      .help("delete it");
  CHECK(render_text(sink, sources) ==
        "a.stream:2:10: error[E0101]: expected a value, but found a quote\n"
        "    2 | \tyé = 2 + `3`\n"
        "      | \t        ^^^\n"
        "a.stream:1:1: note: as here\n"
        "    1 | x = 1\n"
        "      | ^\n"
        "note: there are no quotes\n"
        "help: delete it\n");
}

TEST_CASE("the caret of an empty span stands where something is missing") {
  SourceManager sources;
  const FileId id = sources.add_buffer("a", "x =");
  DiagnosticSink sink;
  sink.report(diag::UnexpectedText, {id, 3, 3}, "a value", "nothing");
  CHECK(render_text(sink, sources) ==
        "a:1:4: error[E0101]: expected a value, but found nothing\n"
        "    1 | x =\n"
        "      |    ^\n");
}

TEST_CASE("a message at no place has none") {
  SourceManager sources;
  DiagnosticSink sink;
  sink.report(diag::UnexpectedText, {}, "a file", "none").help("name one");
  CHECK(render_text(sink, sources) ==
        "error[E0101]: expected a file, but found none\nhelp: name one\n");
}

TEST_CASE("a long line is shown in part") {
  SourceManager sources;
  const FileId id = sources.add_buffer("a", std::string(500, 'x'));
  DiagnosticSink sink;
  sink.report(diag::UnexpectedText, {id, 300, 302}, "y", "x");
  const std::string text = render_text(sink, sources);
  CHECK(text.size() < 600);
  const std::size_t caret = text.find('^');
  REQUIRE(caret != std::string::npos);
  // Sixty characters and the ellipsis before the caret.
  CHECK(caret - text.rfind("| ", caret) == 2 + 61);
}

TEST_CASE("JSON is one object on a line") {
  SourceManager sources;
  const FileId id = sources.add_buffer("a \"b\"", "x = 1");
  DiagnosticSink sink;
  sink.report(diag::UnexpectedText, {id, 4, 5}, "a\ttab", "1").help("no");
  CHECK(render_json(sink, sources) ==
        "{\"code\":\"E0101\",\"name\":\"UnexpectedText\",\"severity\":\"error\","
        "\"message\":\"expected a\\ttab, but found 1\","
        "\"place\":{\"file\":\"a \\\"b\\\"\",\"line\":1,\"column\":5,\"end_line\":1,\"end_column\":6},"
        "\"labels\":[],\"notes\":[],\"helps\":[\"no\"]}\n");
}

TEST_CASE("the same message at the same place counts once") {
  DiagnosticSink sink;
  const SourceSpan span{FileId(0), 1, 2};
  sink.report(diag::UnexpectedText, span, "a", "b");
  sink.report(diag::UnexpectedText, span, "c", "d").help("dropped with it");
  sink.report(diag::StrayCharacter, span, "e");
  CHECK(sink.error_count() == 2);
  CHECK(sink.diagnostics()[0].helps.empty());
}

TEST_CASE("rolling back forgets, also what was seen") {
  DiagnosticSink sink;
  const SourceSpan span{FileId(0), 1, 2};
  const DiagnosticSink::Mark start = sink.mark();
  sink.report(diag::StrayCharacter, span, "a");
  CHECK(sink.has_errors_since(start));
  const DiagnosticSink::Mark later = sink.mark();
  CHECK_FALSE(sink.has_errors_since(later));
  sink.rollback(start);
  CHECK_FALSE(sink.has_errors());
  sink.report(diag::StrayCharacter, span, "a");
  CHECK(sink.error_count() == 1);
}

TEST_CASE("messages can be ordered by place") {
  DiagnosticSink sink;
  sink.report(diag::StrayCharacter, {FileId(0), 9, 10}, "first kept first");
  const DiagnosticSink::Mark mark = sink.mark();
  sink.report(diag::StrayCharacter, {FileId(0), 8, 9}, "b");
  sink.report(diag::StrayCharacter, {FileId(0), 2, 3}, "a");
  sink.sort_since(mark);
  CHECK(sink.diagnostics()[0].span.begin == 9);
  CHECK(sink.diagnostics()[1].span.begin == 2);
  CHECK(sink.diagnostics()[2].span.begin == 8);
}

TEST_CASE("edit distance counts swaps as one") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("agent", "agnet") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("", "abc") == 3);
}

TEST_CASE("the closest name is near enough to be meant") {
  constexpr auto kNames = std::to_array<std::string_view>({"where", "window", "map", "mean", "median"});
  CHECK(closest_name("wehre", kNames) == "where");
  CHECK(closest_name("WINDOW", kNames) == "window");
  CHECK(closest_name("meen", kNames) == "mean");
  CHECK_FALSE(closest_name("x", kNames).has_value());
  CHECK_FALSE(closest_name("completely", kNames).has_value());
  CHECK_FALSE(closest_name("where", std::span<const std::string_view>()).has_value());
}

}  // namespace
}  // namespace streamc
