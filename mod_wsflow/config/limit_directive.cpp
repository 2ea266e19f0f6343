#include "mod_wsflow/config/limit_directive.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "mod_wsflow/config/values.hpp"
#include "mod_wsflow/config/words.hpp"
#include "mod_wsflow/limits/table.hpp"
#include "mod_wsflow/ws/field_syntax.hpp"

namespace wsflow::config {

namespace {

using ws::equals_ignoring_case;

constexpr std::int64_t kHour = std::int64_t{3600} * 1'000'000;
static_assert(limits::kMost == 1'000'000 && limits::kEntries == 65'536 &&
              limits::kMostWaiting == 10'000);  // stand in the texts below

bool set_number(std::string_view value, std::uint32_t most, std::uint32_t& field) {
  int number = 0;
  if (!parse_number(value, 1, static_cast<int>(most), number)) return false;
  field = static_cast<std::uint32_t>(number);
  return true;
}

bool set_choice(std::string_view value, std::string_view yes, std::string_view no, bool& field) {
  field = equals_ignoring_case(value, yes);
  return field || equals_ignoring_case(value, no);
}

bool set_applies(LimitDirective& line, std::string_view value) {
  constexpr limits::Applies kAll[] = {limits::Applies::all, limits::Applies::tunnels,
                                      limits::Applies::requests};
  const auto* found = std::ranges::find_if(
      kAll, [value](auto each) { return equals_ignoring_case(value, limits::name(each)); });
  if (found != std::end(kAll)) line.definition.applies = *found;
  return found != std::end(kAll);
}

bool set_concurrency(LimitDirective& line, std::string_view value) {
  return value == "auto" || set_number(value, limits::kMost, line.definition.settings.concurrency);
}

bool set_rate(LimitDirective& line, std::string_view value) {
  const auto slash = std::min(value.find('/'), value.size());
  const auto unit = value.substr(slash);
  const int seconds = unit == "/s" ? 1 : unit == "/m" ? 60 : unit == "/h" ? 3600 : 0;
  std::uint32_t number = 0;
  if (seconds == 0 || !set_number(value.substr(0, slash), limits::kMost, number)) return false;
  line.definition.settings.rate = static_cast<double>(number) / seconds;
  return true;
}

bool set_retry_after(LimitDirective& line, std::string_view value) {
  if (value == "auto") return true;
  std::int64_t time = 0;
  if (!parse_time(value, 1'000'000, 24 * kHour, time) || time % 1'000'000 != 0) return false;
  line.retry_after = static_cast<int>(time / 1'000'000);
  return true;
}

struct Setting {
  std::string_view name;
  std::string_view legal;
  bool (*set)(LimitDirective& line, std::string_view value);
};
constexpr std::string_view kNumber = "a number from 1 to 1000000";
constexpr Setting kSettings[] = {
    {"concurrency", "a number from 1 to 1000000, or auto", set_concurrency},
    {"min", kNumber,
     [](auto& line, auto value) { return set_number(value, limits::kMost, line.definition.least); }},
    {"max", kNumber,
     [](auto& line, auto value) { return set_number(value, limits::kMost, line.definition.most); }},
    {"applies", "tunnels, requests or all", set_applies},
    {"key", "an expression that gives a text, for example %{REMOTE_ADDR}",
     [](auto& line, auto value) {
       line.key = value;
       return !value.empty();
     }},
    {"ipv6-prefix", "a number of bits from 1 to 128",
     [](auto& line, auto value) { return parse_number(value, 1, 128, line.ipv6_prefix); }},
    {"keys", "a number from 1 to 65536",
     [](auto& line, auto value) { return set_number(value, limits::kEntries, line.definition.keys); }},
    {"full", "open or closed",
     [](auto& line, auto value) { return set_choice(value, "open", "closed", line.definition.fail_open); }},
    {"show-key", "on or off",
     [](auto& line, auto value) { return set_choice(value, "on", "off", line.show_key); }},
    {"queue", "a number from 1 to 10000",
     [](auto& line, auto value) {
       return set_number(value, limits::kMostWaiting, line.definition.settings.queue);
     }},
    {"acquire", "0 (nobody waits) or a time to 1h (units ms, s, mi, h; seconds if none)",
     [](auto& line, auto value) { return parse_time(value, 0, kHour, line.definition.acquire); }},
    {"rate", "a number from 1 to 1000000 with /s, /m or /h", set_rate},
    {"burst", kNumber,
     [](auto& line, auto value) { return set_number(value, limits::kMost, line.definition.settings.burst); }},
    {"ramp", "a time to 24h (units ms, s, mi, h; seconds if none)",
     [](auto& line, auto value) { return parse_time(value, 0, 24 * kHour, line.definition.ramp); }},
    {"status", "a number from 400 to 599",
     [](auto& line, auto value) { return parse_number(value, 400, 599, line.status); }},
    {"retry-after", "auto or whole seconds from 1s to 24h (units s, mi, h; seconds if none)",
     set_retry_after},
    {"dry-run", "on or off",
     [](auto& line, auto value) { return set_choice(value, "on", "off", line.definition.dry_run); }},
};

// Which settings a line gives: a bit each.
class Given {
 public:
  // False: it was given before.
  bool add(const Setting& setting) {
    const auto bit = 1U << static_cast<unsigned>(&setting - kSettings);
    return (std::exchange(bits_, bits_ | bit) & bit) == 0;
  }
  bool any(std::initializer_list<std::string_view> names) const {
    return std::any_of(names.begin(), names.end(), [this](auto name) { return has(name); });
  }
  bool has(std::string_view name) const {
    const auto* found = std::ranges::find(kSettings, name, &Setting::name);
    return found != std::end(kSettings) && (bits_ >> static_cast<unsigned>(found - kSettings) & 1U) != 0;
  }
  bool none() const { return bits_ == 0; }

 private:
  unsigned bits_ = 0;
};

bool is_name(std::string_view word) {
  const auto legal = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  return !word.empty() && word.size() < limits::kNameSize && std::all_of(word.begin(), word.end(), legal);
}

std::string unknown(const std::string& word) {
  std::string error = word + ": unknown; expected ";
  for (const auto& setting : kSettings) {
    if (&setting != kSettings) error += &setting == std::end(kSettings) - 1 ? " or " : ", ";
    error += setting.name;
    error += '=';
  }
  return error;
}

std::string take_setting(LimitDirective& line, Given& given, const std::string& word) {
  const auto equals = word.find('=');
  const auto name = std::string_view(word).substr(0, equals);
  const auto* setting = std::ranges::find(kSettings, name, &Setting::name);
  if (equals == std::string::npos || setting == std::end(kSettings)) return unknown(word);
  if (!given.add(*setting)) return word + ": " + std::string(name) + "= is given twice";
  if (setting->set(line, std::string_view(word).substr(equals + 1))) return {};
  return word + ": " + std::string(name) + "= needs " + std::string(setting->legal);
}

// What does not go together, or nullptr.
const char* contradiction(const LimitDirective& line, const Given& given) {
  const auto& definition = line.definition;
  const bool automatic = given.has("concurrency") && definition.settings.concurrency == 0;
  if (!given.any({"concurrency", "rate"})) return "needs concurrency= or rate=";
  if (automatic && (!given.has("min") || !given.has("max"))) return "concurrency=auto needs min= and max=";
  if (!automatic && given.any({"min", "max"})) return "min= and max= go with concurrency=auto";
  if (definition.least > definition.most) return "min= must not be greater than max=";
  if (!given.has("rate") && given.any({"burst", "ramp"})) return "burst= and ramp= go with rate=";
  if (given.has("queue") && definition.acquire == 0) {
    return "queue= needs acquire=TIME, how long a request may wait";
  }
  if (!given.has("key") && given.any({"ipv6-prefix", "keys", "full", "show-key"})) {
    return "ipv6-prefix=, keys=, full= and show-key= go with key=";
  }
  return nullptr;
}

void fill_defaults(LimitDirective& line, const Given& given) {
  auto& definition = line.definition;
  auto& settings = definition.settings;
  definition.keyed = given.has("key");
  // It shrinks within seconds, but takes minutes to grow.
  if (definition.most != 0) settings.concurrency = definition.most;
  if (given.has("rate") && !given.has("burst")) {
    settings.burst = static_cast<std::uint32_t>(std::max(1.0, std::floor(settings.rate)));
  }
  if (!given.has("show-key"))
    line.show_key = line.key == "%{REMOTE_ADDR}" || line.key == "%{CONN_REMOTE_ADDR}";
}

// The settings behind the name; what is wrong with them.
std::string take_settings(LimitDirective& line, std::string_view text) {
  Given given;
  for (std::string word; skip_spaces(text);) {
    if (!take_word(text, word)) return word + ": a quote has no end, or something follows it";
    if (given.none() && equals_ignoring_case(word, "off") && !skip_spaces(text)) {
      line.kind = LimitDirective::Kind::lift;
      return {};
    }
    if (auto error = take_setting(line, given, word); !error.empty()) return error;
  }
  if (given.none()) return {};
  line.kind = LimitDirective::Kind::define;
  if (const char* error = contradiction(line, given)) return error;
  fill_defaults(line, given);
  return {};
}

}  // namespace

LimitDirective parse_limit(std::string_view arguments) {
  LimitDirective line;
  std::string name;
  skip_spaces(arguments);
  if (!take_word(arguments, name) || !is_name(name)) {
    line.error =
        name + ": a limit needs a name of 1 to 47 letters, digits, '_', '.' and '-', before its settings";
    return line;
  }
  std::ranges::copy(name, line.definition.name);
  line.error = take_settings(line, arguments);
  if (!line.error.empty()) line.error.insert(0, name + " ");
  return line;
}

}  // namespace wsflow::config
