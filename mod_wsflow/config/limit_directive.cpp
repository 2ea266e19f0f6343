#include "mod_wsflow/config/limit_directive.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>

#include "mod_wsflow/config/keys.hpp"
#include "mod_wsflow/config/limit_values.hpp"
#include "mod_wsflow/config/values.hpp"
#include "mod_wsflow/config/words.hpp"
#include "mod_wsflow/limits/table.hpp"
#include "mod_wsflow/ws/field_syntax.hpp"

namespace wsflow::config {

namespace {

using ws::equals_ignoring_case;
using Text = std::string_view;

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kHour = 3600 * kSecond;
static_assert(limits::kMost == 1'000'000 && limits::kEntries == 65'536);  // stand in the texts below

// A directive as far as it is read.
struct Draft {
  std::optional<std::uint32_t> concurrency;  // 0: auto
  std::optional<std::uint32_t> least;
  std::optional<std::uint32_t> most;
  std::optional<limits::Applies> applies;
  std::optional<std::string> cluster;
  std::optional<std::uint32_t> floor;
  std::optional<std::string> key;
  std::optional<int> ipv6_prefix;
  std::optional<std::uint32_t> keys;
  std::optional<bool> fail_open;
  std::optional<bool> show_key;
  std::optional<std::uint32_t> queue;
  std::optional<std::int64_t> acquire;
  std::optional<double> rate;
  std::optional<std::uint32_t> burst;
  std::optional<std::int64_t> ramp;
  std::optional<std::int64_t> penalty;
  std::optional<int> status;
  std::optional<int> retry_after;  // 0: auto
  std::optional<bool> dry_run;
};

constexpr Kind<std::uint32_t> kConcurrencyOrAuto{kConcurrency.directive.legal, [](Text text) {
                                                   if (text == "auto") return std::optional<std::uint32_t>(0);
                                                   return parse_limit_number(text, kConcurrency.directive);
                                                 }};
constexpr Kind<std::uint32_t> kBound{
    "a number from 1 to 1000000", [](Text text) { return parse_limit_number(text, kConcurrency.directive); }};
constexpr Kind<std::uint32_t> kBurstSize{
    kBurst.directive.legal, [](Text text) { return parse_limit_number(text, kBurst.directive); }};
constexpr Kind<std::uint32_t> kQueueSize{
    kQueue.directive.legal, [](Text text) { return parse_limit_number(text, kQueue.directive); }};
constexpr Kind<std::uint32_t> kKeyCount{
    "a number from 1 to 65536",
    [](Text text) { return parse_limit_number(text, {.legal = {}, .least = 1, .most = limits::kEntries}); }};
constexpr Kind<double> kRate{kLegalRate.directive,
                             [](Text text) { return parse_rate(text, LimitSource::directive); }};
constexpr Kind<std::uint32_t> kFloor{
    "a number from 0 to 1000000", [](Text text) {
      return parse_limit_number(text, {.legal = {}, .least = 0, .most = kConcurrency.directive.most});
    }};
constexpr Kind<limits::Applies> kApplies{
    "tunnels, requests or all", [](Text text) {
      std::optional<limits::Applies> applies;
      for (const auto each : {limits::Applies::all, limits::Applies::tunnels, limits::Applies::requests}) {
        if (equals_ignoring_case(text, limits::name(each))) applies = each;
      }
      return applies;
    }};
constexpr Kind<std::string> kExpression{
    "an expression that gives a text, for example %{REMOTE_ADDR}",
    [](Text text) { return text.empty() ? std::nullopt : std::optional<std::string>(text); }};
constexpr Kind<int> kPrefix{"a number of bits from 1 to 128",
                            [](Text text) { return parse_number(text, 1, 128); }};
constexpr Kind<bool> kFull{"open or closed", [](Text text) { return parse_choice(text, "open", "closed"); }};
constexpr Kind<std::int64_t> kAcquire{
    "0 (nobody waits) or a time to 1h (units ms, s, mi, h; seconds if none)",
    [](Text text) { return parse_time(text, 0, kHour); }};
constexpr Kind<std::int64_t> kRamp{"a time to 24h (units ms, s, mi, h; seconds if none)",
                                   [](Text text) { return parse_time(text, 0, 24 * kHour); }};
constexpr Kind<std::int64_t> kPenalty{"0 (none) or a time from 1s to 24h (units s, mi, h; seconds if none)",
                                      [](Text text) {
                                        const auto none = parse_time(text, 0, 0);
                                        return none ? none : parse_time(text, kSecond, 24 * kHour);
                                      }};
constexpr Kind<int> kStatus{"a number from 400 to 599",
                            [](Text text) { return parse_number(text, 400, 599); }};
constexpr Kind<int> kRetryAfter{
    "auto or whole seconds from 1s to 24h (units s, mi, h; seconds if none)", [](Text text) {
      if (text == "auto") return std::optional(0);
      const auto time = parse_time(text, kSecond, 24 * kHour);
      return time && *time % kSecond == 0 ? std::optional(static_cast<int>(*time / kSecond)) : std::nullopt;
    }};

bool is_name(std::string_view word) {
  const auto legal = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  return !word.empty() && word.size() < limits::kNameSize && std::all_of(word.begin(), word.end(), legal);
}

constexpr Kind<std::string> kCluster{"a name of 1 to 47 letters, digits, '_', '.' and '-'", [](Text text) {
                                       return is_name(text) ? std::optional<std::string>(text) : std::nullopt;
                                     }};

constexpr Key<Draft> kKeys[] = {
    key<Draft, kConcurrencyOrAuto, &Draft::concurrency>("concurrency"),
    key<Draft, kBound, &Draft::least>("min"),
    key<Draft, kBound, &Draft::most>("max"),
    key<Draft, kApplies, &Draft::applies>("applies"),
    key<Draft, kCluster, &Draft::cluster>("cluster"),
    key<Draft, kFloor, &Draft::floor>("floor"),
    key<Draft, kExpression, &Draft::key>("key"),
    key<Draft, kPrefix, &Draft::ipv6_prefix>("ipv6-prefix"),
    key<Draft, kKeyCount, &Draft::keys>("keys"),
    key<Draft, kFull, &Draft::fail_open>("full"),
    key<Draft, kOnOff, &Draft::show_key>("show-key"),
    key<Draft, kQueueSize, &Draft::queue>("queue"),
    key<Draft, kAcquire, &Draft::acquire>("acquire"),
    key<Draft, kRate, &Draft::rate>("rate"),
    key<Draft, kBurstSize, &Draft::burst>("burst"),
    key<Draft, kRamp, &Draft::ramp>("ramp"),
    key<Draft, kPenalty, &Draft::penalty>("penalty"),
    key<Draft, kStatus, &Draft::status>("status"),
    key<Draft, kRetryAfter, &Draft::retry_after>("retry-after"),
    key<Draft, kOnOff, &Draft::dry_run>("dry-run"),
};

std::string unknown(const std::string& word) {
  std::string wrong = word + ": unknown; expected ";
  for (const auto& key : kKeys) {
    if (&key != kKeys) wrong += &key == std::end(kKeys) - 1 ? " or " : ", ";
    wrong += key.name;
    wrong += '=';
  }
  return wrong;
}

// What is wrong with a word; empty: nothing.
std::string take(Draft& draft, const std::string& word) {
  const auto equals = word.find('=');
  const auto name = Text(word).substr(0, equals);
  const auto* key = std::ranges::find(kKeys, name, &Key<Draft>::name);
  if (equals == std::string::npos || key == std::end(kKeys)) return unknown(word);
  return take_word_of(draft, *key, name, word);
}

// What does not go together, or nullptr.
const char* contradiction(const Draft& draft) noexcept {
  const bool automatic = draft.concurrency == 0U;
  if (!draft.concurrency && !draft.rate) return "needs concurrency= or rate=";
  if (automatic && (!draft.least || !draft.most)) return "concurrency=auto needs min= and max=";
  if (!automatic && (draft.least || draft.most)) return "min= and max= go with concurrency=auto";
  if (draft.least > draft.most) return "min= must not be greater than max=";
  if (!draft.rate && (draft.burst || draft.ramp)) return "burst= and ramp= go with rate=";
  if (draft.queue && draft.acquire.value_or(0) == 0) {
    return "queue= needs acquire=TIME, how long a request may wait";
  }
  if (!draft.cluster && draft.floor) return "floor= goes with cluster=";
  if (draft.cluster && automatic) return "concurrency=auto measures one node: give cluster= a number";
  if (draft.floor > draft.concurrency.value_or(limits::kMost))
    return "floor= must not be greater than concurrency=";
  if (!draft.key && draft.penalty.value_or(0) != 0) {
    return "penalty= goes with key=: without it, one client's fault would bar all others";
  }
  if (!draft.key && (draft.ipv6_prefix || draft.keys || draft.fail_open || draft.show_key)) {
    return "ipv6-prefix=, keys=, full= and show-key= go with key=";
  }
  return nullptr;
}

// What is not given keeps the default that the structs have.
void fill_settings(const Draft& draft, limits::LimitSettings& settings) noexcept {
  set_given(settings.concurrency, draft.concurrency);
  // An adaptive limit begins with its most: it shrinks within seconds, but takes minutes to grow.
  set_given(settings.concurrency, draft.most);
  set_given(settings.queue, draft.queue);
  set_given(settings.rate, draft.rate);
  if (draft.rate) settings.burst = static_cast<std::uint32_t>(std::max(1.0, std::floor(*draft.rate)));
  set_given(settings.burst, draft.burst);
}

void fill(const Draft& draft, LimitDirective& line) {
  auto& definition = line.definition;
  fill_settings(draft, definition.settings);
  set_given(definition.acquire, draft.acquire);
  set_given(definition.ramp, draft.ramp);
  set_given(definition.penalty, draft.penalty);
  set_given(definition.keys, draft.keys);
  set_given(definition.least, draft.least);
  set_given(definition.most, draft.most);
  set_given(definition.applies, draft.applies);
  std::ranges::copy(draft.cluster.value_or(""), definition.cluster);
  set_given(definition.floor, draft.floor);
  definition.keyed = draft.key.has_value();
  set_given(definition.fail_open, draft.fail_open);
  set_given(definition.dry_run, draft.dry_run);
  line.key = draft.key.value_or("");
  set_given(line.ipv6_prefix, draft.ipv6_prefix);
  line.show_key = draft.show_key.value_or(line.key == "%{REMOTE_ADDR}" || line.key == "%{CONN_REMOTE_ADDR}");
  set_given(line.status, draft.status);
  set_given(line.retry_after, draft.retry_after);
}

// The words behind the name; what is wrong with them, or empty.
std::string take_words(LimitDirective& line, Text text) {
  Draft draft;
  bool first = true;
  for (std::string word; skip_spaces(text); first = false) {
    if (!take_word(text, word)) return word + ": a quote has no end, or something follows it";
    if (first && equals_ignoring_case(word, "off") && !skip_spaces(text)) {
      line.kind = LimitDirective::Kind::lift;
      return {};
    }
    if (auto wrong = take(draft, word); !wrong.empty()) return wrong;
  }
  if (first) return {};
  line.kind = LimitDirective::Kind::define;
  if (const char* wrong = contradiction(draft)) return wrong;
  fill(draft, line);
  return {};
}

}  // namespace

base::Parsed<LimitDirective> parse_limit(std::string_view arguments) {
  LimitDirective line;
  std::string name;
  skip_spaces(arguments);
  if (!take_word(arguments, name) || !is_name(name)) {
    return base::Wrong{
        name + ": a limit needs a name of 1 to 47 letters, digits, '_', '.' and '-', before its settings"};
  }
  std::ranges::copy(name, line.definition.name);
  const auto wrong = take_words(line, arguments);
  if (!wrong.empty()) return base::Wrong{name + " " + wrong};
  return line;
}

}  // namespace wsflow::config
