#include "mod_wsflow/httpd/limit_action.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "mod_wsflow/httpd/value_parse.hpp"
#include "mod_wsflow/status/limit_text.hpp"

namespace wsflow::httpd {

namespace {

static_assert(flow::kMost == 1'000'000 && flow::kMostWaiting == 10'000);  // stand in the texts below
constexpr double kLeastRate = 1.0 / 3600;

constexpr std::string_view kFields[] = {"nonce",       "from", "action", "name",
                                        "concurrency", "rate", "burst",  "queue"};
constexpr std::ptrdiff_t kFirstSetting = 4;  // what the page may send empty begins here

std::optional<std::uint32_t> whole(std::string_view text, int least, std::uint32_t most) noexcept {
  int value = 0;
  if (!parse_number(text, least, static_cast<int>(most), value)) return std::nullopt;
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
  return value >= kLeastRate && value <= flow::kMost ? std::optional(value) : std::nullopt;
}

std::string said(const Field& field) {
  constexpr std::size_t kMost = 80;
  return std::string(field.name.substr(0, kMost)) + "=" + std::string(field.value.substr(0, kMost));
}

// The field's value goes into `change`; else the words for what is legal.
const char* read(const Field& field, flow::Change& change) noexcept {
  if (field.name == "concurrency") {
    change.concurrency = whole(field.value, 1, flow::kMost);
    return change.concurrency ? nullptr : "a whole number from 1 to 1000000";
  }
  if (field.name == "rate") {
    change.rate = rate(field.value);
    return change.rate ? nullptr : "off or a number with /s, /m or /h (/s if none), from 1/h to 1000000/s";
  }
  if (field.name == "burst") {
    change.burst = whole(field.value, 1, flow::kMost);
    return change.burst ? nullptr : "a whole number from 1 to 1000000";
  }
  if (field.name == "queue") {
    change.queue = whole(field.value, 0, flow::kMostWaiting);
    return change.queue ? nullptr : "a whole number from 0 to 10000";
  }
  if (field.name == "action") return field.value == "limit" ? nullptr : "limit";
  if (field.name == "from") return field.value == "page" ? nullptr : "page";
  return nullptr;
}

bool is_setting(std::string_view name) noexcept {
  return std::find(std::begin(kFields) + kFirstSetting, std::end(kFields), name) != std::end(kFields);
}

std::string no_such(const Field& field) {
  std::string text = said(field) + ": there is no such field; legal are ";
  const char* comma = "";
  for (const auto name : kFields) {
    text.append(comma).append(name);
    comma = ", ";
  }
  return text;
}

// What is wrong with the field number `index`; empty if nothing is.
std::string wrong_field(std::span<const Field> fields, std::size_t index, flow::Change& change) {
  const auto& field = fields[index];
  const auto before = fields.first(index);
  if (std::find(std::begin(kFields), std::end(kFields), field.name) == std::end(kFields)) {
    return no_such(field);
  }
  if (std::any_of(before.begin(), before.end(),
                  [&](const Field& other) { return other.name == field.name; })) {
    return said(field) + ": the field is there twice";
  }
  // An input of the page that was left empty: as it is.
  if (field.value.empty() && is_setting(field.name) && value_of(fields, "from") == "page") return {};
  const auto* legal = read(field, change);
  return legal != nullptr ? said(field) + ": legal is " + legal : std::string();
}

const char* what_is_missing(std::span<const Field> fields, const flow::Change& change) noexcept {
  if (value_of(fields, "action").empty()) return "action is missing: legal is action=limit";
  if (value_of(fields, "name").empty()) return "name is missing: the limit's";
  const bool changes = change.concurrency || change.rate || change.burst || change.queue;
  return changes ? nullptr : "nothing to change: give concurrency, rate, burst or queue";
}

}  // namespace

std::string_view value_of(std::span<const Field> fields, std::string_view name) noexcept {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](const Field& field) { return field.name == name; });
  return found != fields.end() ? found->value : std::string_view();
}

std::optional<LimitAction> read_limit_action(std::span<const Field> fields, std::string& wrong) {
  LimitAction action{.limit = value_of(fields, "name"), .change = {}};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    wrong = wrong_field(fields, i, action.change);
    if (!wrong.empty()) return std::nullopt;
  }
  const auto* missing = what_is_missing(fields, action.change);
  if (missing == nullptr) return action;
  wrong = missing;
  return std::nullopt;
}

std::string out_of_place(const flow::Change& change, const flow::Definition& definition) {
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

std::string told(const flow::Change& change, const flow::Settings& before) {
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

}  // namespace wsflow::httpd
