// A whole program from a source to `print`.

#include <doctest/doctest.h>

#include <cstdio>
#include <fstream>

#include "tests/unit/runtime/agent/program_builder.h"

namespace streamrt::test {

namespace {

// Output 0: the input's column `kColumn`, doubled. Queue 1.
template <int kColumn>
std::int32_t double_column(void*, StreamContext* context, const StreamBatch* inputs,
                           std::int64_t count, std::uint32_t) {
  StreamOutput out;
  stream_queue_reserve(context, 1, count, &out);
  for (std::int64_t i = 0; i < count; ++i) {
    static_cast<double*>(out.columns[0])[i] =
        2 * static_cast<const double*>(inputs[0].columns[kColumn])[i];
    if (out.valid != nullptr) out.valid[i] = inputs[0].valid == nullptr ? 1 : inputs[0].valid[i];
    if (out.stamps != nullptr) {
      out.stamps[i] =
          inputs[0].stamps == nullptr ? inputs[0].first_position + i : inputs[0].stamps[i];
    }
  }
  stream_queue_commit(context, 1, count);
  return STREAM_REGION_MORE;
}

}  // namespace

TEST_CASE("a list goes through a region to the console") {
  ListItems<double> items{{1.5, 2.0, 1e15}};
  ProgramBuilder builder;
  const auto in = builder.queue(float_type());
  const auto out = builder.queue(float_type());
  builder.list(in, items);
  builder.region(STREAM_HEAD_SOURCE, {in}, {out}, double_column<0>);
  builder.sink("print", out);
  const Outcome outcome = run(builder);
  CHECK(outcome.status == 0);
  CHECK(outcome.console == "3.0\n4.0\n2000000000000000.0\n");
  CHECK(outcome.messages.empty());
}

TEST_CASE("a csv file goes through a region, its bad row is a hole") {
  const std::string path = "/tmp/streamrt_first_light.csv";
  std::ofstream(path) << "\xef\xbb\xbftimestamp,note,value\r\n2013-12-02 21:15:00,\"a, b\",1.5\r\n"
                         "2013-12-02 21:20:00,x,oops\r\n2013-12-02 21:25:00,,-2e1";
  const auto reading = make_record(
      "Reading", {{"at", time_type(), "timestamp"}, {"celsius", float_type(), "value"}});
  ProgramBuilder builder;
  const auto in = builder.queue(reading->type, true);
  const auto out = builder.queue(float_type(), true);
  builder.source("csv.read", in, {text_argument("path", path)}).time_field = 0;
  builder.region(STREAM_HEAD_SOURCE, {in}, {out}, double_column<1>);
  builder.sink("print", out);
  const Outcome outcome = run(builder);
  CHECK(outcome.status == 0);
  CHECK(outcome.console == "3.0\n-40.0\n");
  REQUIRE(outcome.messages.size() == 1);
  CHECK(outcome.messages[0] ==
        "note: 1 item of `source` failed and was handled by `else`; the first: item 1 of `source` "
        "failed: /tmp/streamrt_first_light.csv line 3: `oops` in column `value` is no float: "
        "`2013-12-02 21:20:00,x,oops`");
  std::remove(path.c_str());
}

}  // namespace streamrt::test
