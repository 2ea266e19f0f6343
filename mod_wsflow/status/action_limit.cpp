#include "mod_wsflow/status/action_limit.hpp"

#include <cstdint>
#include <optional>
#include <utility>

#include "mod_wsflow/config/limit_values.hpp"
#include "mod_wsflow/status/limit_text.hpp"

namespace wsflow::status {

namespace {

using limits::Change;

constexpr std::string_view kFields[] = {"name", "concurrency", "rate", "burst", "queue"};

// The whole numbers of a change.
struct Number {
  std::string_view name;
  const config::LimitRange& legal;
  std::optional<std::uint32_t> Change::*value;
};
constexpr Number kNumbers[] = {
    {"concurrency", config::kConcurrency.action, &Change::concurrency},
    {"burst", config::kBurst.action, &Change::burst},
    {"queue", config::kQueue.action, &Change::queue},
};

// The field's value goes into `change`; what is wrong with it, or nothing.
std::optional<base::Wrong> read(const Field& field, Change& change) {
  for (const auto& number : kNumbers) {
    if (field.name != number.name) continue;
    change.*number.value = config::parse_limit_number(field.value, number.legal);
    if (!(change.*number.value)) return not_legal(field, number.legal.legal);
  }
  if (field.name == "rate") {
    change.rate = config::parse_rate(field.value, config::LimitSource::action);
    if (!change.rate) return not_legal(field, config::kLegalRate.action);
  }
  return std::nullopt;
}

const char* what_is_missing(std::span<const Field> fields, const limits::Change& change) noexcept {
  if (value_of(fields, "name").empty()) return "name is missing: the limit's";
  const bool changes = change.concurrency || change.rate || change.burst || change.queue;
  return changes ? nullptr : "nothing to change: give concurrency, rate, burst or queue";
}

}  // namespace

base::Parsed<LimitAction> read_limit_action(std::span<const Field> fields) {
  if (auto wrong = wrong_field(fields, kFields)) return *std::move(wrong);
  LimitAction action{.limit = value_of(fields, "name"), .change = {}};
  const bool from_page = value_of(fields, "from") == "page";
  for (const auto& field : fields) {
    // An input of the page that was left empty changes nothing.
    if (field.value.empty() && from_page) continue;
    if (auto wrong = read(field, action.change)) return *std::move(wrong);
  }
  if (const auto* missing = what_is_missing(fields, action.change)) return base::Wrong{missing};
  return action;
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
