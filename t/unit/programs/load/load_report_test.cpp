#include "mod_wsflow/programs/load/load_report.hpp"

#include <catch2/catch.hpp>

using namespace wsflow::load;

namespace {

constexpr std::int64_t kStart_us = 1'000'000'000;

struct Finished {
  LoadOptions options;
  Recorder recorder{kStart_us};
  LoadReport report() const {
    return {.options = options,
            .recorder = recorder,
            .address = "192.0.2.1",
            .began = "2026-01-31T23:59:59Z",
            .seconds = 2.5};
  }
};

Finished made() {
  Finished run;
  run.options.url = *parse_target_url("ws://a/b?token=secret");
  run.recorder.launched(false);
  run.recorder.opened(2000);
  run.recorder.launched(false);
  run.recorder.failed_to_begin("E<NAME>", kStart_us + 500'000);
  for (int i = 0; i < 98; ++i) {
    run.recorder.sent(100, 1);
    run.recorder.answered(1000);
  }
  run.recorder.tick(kStart_us + 1'000'000);
  run.recorder.sent(100, 2);
  run.recorder.answered(1'000'000);
  run.recorder.unanswered(2'000'000);
  run.recorder.finish(kStart_us + 2'500'000);
  return run;
}

}  // namespace

TEST_CASE("times are shown with three digits", "[load]") {
  CHECK(shown_us(0) == "0.00 ms");
  CHECK(shown_us(873) == "0.87 ms");
  CHECK(shown_us(1234) == "1.23 ms");
  CHECK(shown_us(12'345) == "12.3 ms");
  CHECK(shown_us(123'456) == "123 ms");
  CHECK(shown_us(1'234'567) == "1.23 s");
  CHECK(shown_us(12'345'678) == "12.3 s");
}

TEST_CASE("a second has its own times, and the last one is counted", "[load]") {
  const auto run = made();
  const auto& seconds = run.recorder.seconds();
  REQUIRE(seconds.size() == 3);
  CHECK(seconds[0].answered == 98);
  CHECK(seconds[0].answer_p99 <= 1008);
  CHECK(seconds[0].failures == 1);
  CHECK(seconds[0].open == 1);
  CHECK(seconds[1].answer_most == 2'000'000);
  CHECK(seconds[2].answer_most == 0);
}

TEST_CASE("a message without an answer counts with the time that it has waited", "[load]") {
  const auto run = made();
  const auto& tally = run.recorder.tally();
  CHECK(tally.sent == 100);
  CHECK(tally.answered == 99);
  CHECK(tally.unanswered == 1);
  CHECK(tally.answers.count() == 100);
  CHECK(tally.answers.most() == 2'000'000);
  CHECK(tally.answers.quantile(0.99) >= 1'000'000);
  CHECK(failures_of(tally) == 2);
}

TEST_CASE("no report shows the query, and each escapes what is foreign", "[load]") {
  const auto run = made();
  for (const auto& text : {report_text(run.report()), report_json(run.report()), report_html(run.report())}) {
    CHECK_THAT(text, Catch::Contains("ws://a/b?...") && !Catch::Contains("secret"));
  }
  CHECK_THAT(report_html(run.report()), Catch::Contains("E&lt;NAME&gt;") && !Catch::Contains("E<NAME>"));
  CHECK_THAT(report_json(run.report()),
             Catch::Contains("\"phase\":\"connect\",\"kind\":\"E<NAME>\",\"count\":1,\"first\":0.5"));
  CHECK_THAT(report_text(run.report()), Catch::Contains("1 x connect: E<NAME>, first after 0.5 s"));
}

TEST_CASE("a client that was late itself says so", "[load]") {
  auto run = made();
  CHECK(warning_of(run.report()).empty());
  for (int i = 0; i < 10; ++i) run.recorder.sent(60'000, 1);
  CHECK_THAT(warning_of(run.report()), Catch::Contains("late itself"));
  run.options.in_flight = 1;  // without a pace nothing is late
  CHECK(warning_of(run.report()).empty());
}
