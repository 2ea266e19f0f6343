#include "mod_wsflow/status/action_limit.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "mod_wsflow/config/values.hpp"
#include "mod_wsflow/status/limit_text.hpp"

namespace wsflow::status {

namespace {

static_assert(limits::kMost == 1'000'000 && limits::kMostWaiting == 10'000);  // stand in the texts below
constexpr double kLeastRate = 1.0 / 3600;

constexpr std::string_view kFields[] = {"name", "concurrency", "rate", "burst", "queue"};

std::optional<std::uint32_t> whole(std::string_view text, int least, std::uint32_t most) noexcept {
  int value = 0;
  if (!config::parse_number(text, least, static_cast<int>(most), value)) return std::nullopt;
  return static_cast<std::uint32_t>(value);
}

// In seconds; 0 if it is none.
double unit(std::string_view text) noexcept {
  if (text == "s") return 1;
  if (text == "m") return 60;
  return text == "h" ? 3600 : 0;
}

std::optional<double> rate(std::string_view text) noexcept {
  if (text == "off") return 0.0;
  const auto slash = text.find('/');
  const auto span = slash == std::string_view::npos ? 1 : unit(text.substr(slash + 1));
  const auto digits = text.substr(0, slash);
  const auto* end = digits.data() + digits.size();
  double value = 0;
  const auto result = std::from_chars(digits.data(), end, value, std::chars_format::fixed);
  if (result.ec != std::errc{} || result.ptr != end || span == 0) return std::nullopt;
  value /= span;
  return value >= kLeastRate && value <= limits::kMost ? std::optional(value) : std::nullopt;
}

// The field's value goes into `change`; else the words for what is legal.
const char* read(const Field& field, limits::Change& change) noexcept {
  if (field.name == "concurrency") {
    change.concurrency = whole(field.value, 1, limits::kMost);
    return change.concurrency ? nullptr : "a whole number from 1 to 1000000";
  }
  if (field.name == "rate") {
    change.rate = rate(field.value);
    return change.rate ? nullptr : "off or a number with /s, /m or /h (/s if none), from 1/h to 1000000/s";
  }
  if (field.name == "burst") {
    change.burst = whole(field.value, 1, limits::kMost);
    return change.burst ? nullptr : "a whole number from 1 to 1000000";
  }
  if (field.name == "queue") {
    change.queue = whole(field.value, 0, limits::kMostWaiting);
    return change.queue ? nullptr : "a whole number from 0 to 10000";
  }
  return nullptr;
}

const char* what_is_missing(std::span<const Field> fields, const limits::Change& change) noexcept {
  if (value_of(fields, "name").empty()) return "name is missing: the limit's";
  const bool changes = change.concurrency || change.rate || change.burst || change.queue;
  return changes ? nullptr : "nothing to change: give concurrency, rate, burst or queue";
}

}  // namespace

std::optional<LimitAction> read_limit_action(std::span<const Field> fields, std::string& wrong) {
  LimitAction action{.limit = value_of(fields, "name"), .change = {}};
  wrong = wrong_field(fields, kFields);
  if (!wrong.empty()) return std::nullopt;
  const bool from_page = value_of(fields, "from") == "page";
  for (const auto& field : fields) {
    // An input of the page that was left empty: as it is.
    if (field.value.empty() && from_page) continue;
    const auto* legal = read(field, action.change);
    if (legal == nullptr) continue;
    wrong = said(field) + ": legal is " + legal;
    return std::nullopt;
  }
  const auto* missing = what_is_missing(fields, action.change);
  if (missing == nullptr) return action;
  wrong = missing;
  return std::nullopt;
}

std::string out_of_place(const limits::Change& change, const limits::LimitDefinition& definition) {
  const bool adapts = definition.most != 0;
  const auto permits = change.concurrency.value_or(definition.least);
  if (adapts && (permits < definition.least || permits > definition.most)) {
    return "concurrency=" + std::to_string(permits) + ": legal is " + std::to_string(definition.least) +
           " to " + std::to_string(definition.most) + ", the bounds of this limit's concurrency=auto";
  }
  if (change.queue.value_or(0) > 0 && definition.acquire == 0) {
    return "queue: nobody may wait at this limit, it has no acquire= in the configuration";
  }
  return {};
}

std::string told(const limits::Change& change, const limits::LimitSettings& before) {
  std::string text;
  const auto add = [&](const char* what, const std::string& old, const std::string& now) {
    text.append(text.empty() ? "" : ", ").append(what).append(" ").append(old).append(" to ").append(now);
  };
  const auto add_number = [&](const char* what, std::uint32_t old, std::optional<std::uint32_t> now) {
    if (now) add(what, std::to_string(old), std::to_string(*now));
  };
  add_number("concurrency", before.concurrency, change.concurrency);
  if (change.rate) add("rate", status::rate_text(before.rate), status::rate_text(*change.rate));
  add_number("burst", before.burst, change.burst);
  add_number("queue", before.queue, change.queue);
  return text;
}

}  // namespace wsflow::status
