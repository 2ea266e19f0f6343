#include "mod_wsflow/status/catalogue_entry.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>

#include "mod_wsflow/status/json_counts.hpp"
#include "t/unit/support/status_model.hpp"

using namespace wsflow;
using status::Entry;
using status::Pattern;

namespace {

// The labels in a path, with commas between them.
std::string labels_of(std::string_view path) {
  std::string labels;
  for (auto pattern = Pattern::of(path); !pattern.label.empty(); pattern = Pattern::of(pattern.after))
    labels.append(labels.empty() ? "" : ",").append(pattern.label);
  return labels;
}

bool begins_with_labels(std::string_view all, const std::string& some) {
  return some.empty() || all == some || all.starts_with(some + ",");
}

const metrics::Family& family(std::string_view metric) {
  const auto all = metrics::families();
  return *std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.metric == metric; });
}

std::string json_of(std::vector<Entry> entries) {
  rapidjson::StringBuffer buffer;
  status::Writer writer(buffer);
  writer.StartObject();
  status::write_entries(writer, test::status_model().snapshot.sums, std::move(entries));
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace

TEST_CASE("paths have labels of their family, the first ones in their order", "[catalogue_entry]") {
  for (const auto& each : metrics::families()) {
    for (const auto& shown : each.shown) {
      for (const auto* path : {shown.json, shown.line, shown.title}) {
        if (path == nullptr) continue;
        INFO(path);
        CHECK(begins_with_labels(each.labels, labels_of(path)));
      }
      if (shown.title != nullptr) CHECK(shown.column != nullptr);
    }
  }
  for (const auto& each : metrics::histograms()) {
    for (const auto* path : {each.shown.json_count, each.shown.json_mean}) {
      if (path != nullptr) CHECK(each.labels == labels_of(path));
    }
    if (each.shown.spread != nullptr || each.shown.percentiles != nullptr) {
      CHECK(each.longest != 0);
      CHECK(each.count == 1);
    }
  }
}

TEST_CASE("every family is shown in JSON", "[catalogue_entry]") {
  for (const auto& each : metrics::families()) {
    INFO(each.metric);
    CHECK(std::any_of(std::begin(each.shown), std::end(each.shown),
                      [](const auto& shown) { return shown.json != nullptr; }));
  }
}

TEST_CASE("leading entries stand first, in their order; the others keep theirs", "[catalogue_entry]") {
  constexpr std::string_view kLeading[] = {"log.lost", "tunnels.total"};
  auto entries = status::json_entries(kLeading);
  const auto as_they_are = status::json_entries({});
  REQUIRE(entries.size() == as_they_are.size());
  CHECK(entries[0].path == "log.lost");
  CHECK(entries[1].path == "tunnels.total");
  CHECK(entries[2].path == "tunnels.ended.<outcome>");
}

TEST_CASE("a label narrows an entry to the counters of its value", "[catalogue_entry]") {
  const auto& frames = family("wsflow_relayed_frames_total");
  const auto all = status::entry_of(frames, {}, {});
  const auto up = status::narrowed(all, metrics::label("direction"), 1, {});
  CHECK(up.count == metrics::kOpcodeClasses);
  const auto pings = status::narrowed(up, metrics::label("opcode"), 4, {});
  CHECK(pings.count == 1);
  CHECK(pings.first == metrics::kFrames(metrics::Direction::origin_to_client, metrics::OpcodeClass::ping));
}

TEST_CASE("a part of a family leaves the other values out", "[catalogue_entry]") {
  const auto& handshakes = family("wsflow_handshakes_total");
  const auto first = status::entry_of(handshakes, {.part = metrics::Part::first}, {});
  CHECK((first.first == metrics::kTunnelsOpened && first.count == 1));
  const auto rest = status::entry_of(handshakes, {.part = metrics::Part::rest}, {});
  CHECK((rest.first == metrics::kRefused.first && rest.count == base::kHandshakeRefusals));
  const auto bad_key = status::narrowed(rest, metrics::label("result"), 4, {});
  CHECK(std::string(metrics::label("result").value(4)) == "bad-key");
  CHECK((bad_key.first == metrics::kRefused(base::HandshakeRefusal::bad_key) && bad_key.count == 1));
}

TEST_CASE("entries of one object come together, wherever they stand", "[catalogue_entry]") {
  const Entry one{.path = "a.one", .first = 0, .count = 1};
  const Entry two{.path = "b", .first = 1, .count = 2};
  const Entry three{.path = "a.<peer>", .first = 3, .count = 2};
  CHECK(json_of({one, two, {.path = "a.two", .first = 5, .count = 1}}) ==
        R"({"a":{"one":1001,"two":1011},"b":2008})");
  CHECK(json_of({three}) == R"({"a":{"client":1007,"origin":1009}})");
}

TEST_CASE("a sparse entry is left out where it is 0", "[catalogue_entry]") {
  auto entries = std::vector{Entry{.path = "a", .first = metrics::kCounters, .count = 1, .sparse = true}};
  CHECK(json_of(entries) == "{}");
  entries[0].sparse = false;
  CHECK(json_of(entries) == R"({"a":0})");
}
