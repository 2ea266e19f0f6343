#include "mod_wsflow/programs/doctor/status_reader.hpp"

#include <algorithm>
#include <utility>

#include "mod_wsflow/programs/doctor/json_value.hpp"

namespace wsflow::doctor {

namespace {

std::uint64_t number(const JsonValue& value) noexcept {
  return value.number().value_or(0);
}

}  // namespace

base::Parsed<StatusNow> read_status(std::string_view text) {
  rapidjson::Document document;
  if (auto wrong = parse_json(document, text, "the status"); !wrong.empty())
    return base::Wrong{std::move(wrong)};
  const JsonValue top(document);
  if (!top["tunnels"].is_object())
    return base::Wrong{"the status has no \"tunnels\": it is not what /wsflow-status?json answers"};
  StatusNow status{.tunnels = number(top["tunnels"]["active"]),
                   .on_workers = number(top["tunnels"]["active_worker"]),
                   .keepers = number(top["keepers"]),
                   .children = {},
                   .limits = {},
                   .refused_by = {}};
  top["tunnels"]["refused_by"].each_member([&status](std::string_view name, const JsonValue& value) {
    if (const auto count = number(value); count != 0) status.refused_by.emplace_back(name, count);
  });
  top["processes"].each([&status](const JsonValue& each) {
    if (each["kind"].text() != "child") return;
    status.children.push_back(
        {number(each["pid"]), number(each["tunnels_active"]), number(each["tunnels_max"])});
  });
  top["limits"].each([&status](const JsonValue& each) {
    const bool keyed = each["keyed"].flag();
    std::uint64_t fullest = 0;
    each["top_keys"].each(
        [&fullest](const JsonValue& key) { fullest = std::max(fullest, number(key["in_use"])); });
    status.limits.push_back({.name = std::string(each["name"].text()),
                             .concurrency = number(each["concurrency"]["now"]),
                             .in_use = keyed ? fullest : number(each["in_use"]),
                             .waiting = number(each["waiting"]),
                             .refused = number(each["refused"]),
                             .keyed = keyed});
  });
  return status;
}

}  // namespace wsflow::doctor
