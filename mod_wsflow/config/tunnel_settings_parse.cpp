#include "mod_wsflow/config/tunnel_settings_parse.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "mod_wsflow/config/values.hpp"
#include "mod_wsflow/config/words.hpp"
#include "mod_wsflow/ws/field_syntax.hpp"

namespace wsflow::config {

namespace {

using ws::equals_ignoring_case;

// One line as far as it is read.
struct Draft {
  SettingsLine line;
  MessageSettings messages;  // of the directions below
  bool from_client = true;
  bool from_origin = true;
};

using Value = std::string_view;

constexpr std::int64_t kMost = 1000 * 3600 * kSecond;
constexpr std::int64_t kMebi = std::int64_t{1} << 20U;
constexpr std::int64_t kTebi = std::int64_t{1} << 40U;

constexpr std::string_view kBoundedTime = "a time from 10ms to 1h (units ms, s, mi, h; seconds if none)";
bool bounded_time(Value value, std::int64_t& field) {
  return parse_time(value, 10'000, 3600 * kSecond, field);
}

constexpr std::string_view kTimeOrNone =
    "0 (none) or a time from 10ms to 1000h (units ms, s, mi, h; seconds if none)";
bool time_or_none(Value value, std::int64_t& field) {
  return parse_time(value, 0, 0, field) || parse_time(value, 10'000, kMost, field);
}

bool percentage(Value value, std::int64_t& field) {
  int number = 0;
  if (value.empty() || value.back() != '%') return false;
  value.remove_suffix(1);
  if (!parse_number(value, 0, 50, number)) return false;
  field = number;
  return true;
}

constexpr std::string_view kBytes = "0 (any) or a number of bytes to 1024G (units k, M, G)";
bool bytes(Value value, std::int64_t& field) {
  return parse_size(value, 0, kTebi, field);
}

// A number and "/s"; 0 needs none.
template <class Parse>
bool per_second(Value value, Parse parse) {
  if (value == "0") return parse(value);
  return value.ends_with("/s") && parse(value.substr(0, value.size() - 2));
}

bool choice(Value value, Value yes, Value no, std::int64_t& field) {
  field = equals_ignoring_case(value, yes) ? 1 : 0;
  return field == 1 || equals_ignoring_case(value, no);
}

bool set_from(Draft& draft, Value value) {
  const bool client = equals_ignoring_case(value, "client");
  const bool origin = equals_ignoring_case(value, "origin");
  draft.from_client = !origin;
  draft.from_origin = !client;
  return client || origin || equals_ignoring_case(value, "both");
}

struct Key {
  SettingsDirective directive;
  std::string_view name;
  std::string_view pass_name;
  std::string_view legal;
  bool (*set)(Draft& draft, Value value);
};
constexpr Key kKeys[] = {
    {SettingsDirective::timeout, "connect", "connect", kBoundedTime,
     [](auto& draft, auto value) { return bounded_time(value, draft.line.settings.connect); }},
    {SettingsDirective::timeout, "handshake", "handshake", kBoundedTime,
     [](auto& draft, auto value) { return bounded_time(value, draft.line.settings.handshake); }},
    {SettingsDirective::timeout, "idle", "idle", kTimeOrNone,
     [](auto& draft, auto value) { return time_or_none(value, draft.line.settings.idle); }},
    {SettingsDirective::timeout, "stall", "stall", kTimeOrNone,
     [](auto& draft, auto value) { return time_or_none(value, draft.line.settings.stall); }},
    {SettingsDirective::timeout, "close", "close", kBoundedTime,
     [](auto& draft, auto value) { return bounded_time(value, draft.line.settings.close); }},
    {SettingsDirective::timeout, "lifetime", "lifetime", kTimeOrNone,
     [](auto& draft, auto value) { return time_or_none(value, draft.line.settings.lifetime); }},
    {SettingsDirective::timeout, "jitter", "jitter", "a number from 0 to 50 with %",
     [](auto& draft, auto value) { return percentage(value, draft.line.settings.jitter); }},
    {SettingsDirective::timeout, "until", "until",
     "an expression that gives the seconds since 1970 at which the tunnel must end, or none",
     [](auto& draft, auto value) {
       draft.line.until = value;
       return !value.empty();
     }},
    {SettingsDirective::ping, "client", "ping-client", kTimeOrNone,
     [](auto& draft, auto value) { return time_or_none(value, draft.line.settings.ping_client); }},
    {SettingsDirective::ping, "origin", "ping-origin", kTimeOrNone,
     [](auto& draft, auto value) { return time_or_none(value, draft.line.settings.ping_origin); }},
    {SettingsDirective::ping, "timeout", "ping-timeout", kBoundedTime,
     [](auto& draft, auto value) { return bounded_time(value, draft.line.settings.ping_timeout); }},
    {SettingsDirective::message_limit, "frame", "frame", kBytes,
     [](auto& draft, auto value) { return bytes(value, draft.messages.frame); }},
    {SettingsDirective::message_limit, "message", "message", kBytes,
     [](auto& draft, auto value) { return bytes(value, draft.messages.message); }},
    {SettingsDirective::message_limit, "rate", "rate", "0 (any) or a number from 1 to 1000000 with /s",
     [](auto& draft, auto value) {
       return per_second(value, [&](Value number) {
         int rate = 0;
         const bool legal = parse_number(number, 0, 1'000'000, rate);
         draft.messages.rate = rate;
         return legal;
       });
     }},
    {SettingsDirective::message_limit, "bytes", "bytes",
     "0 (any) or a number of bytes to 1024G with /s (units k, M, G)",
     [](auto& draft, auto value) {
       return per_second(value, [&](Value number) { return bytes(number, draft.messages.bytes); });
     }},
    {SettingsDirective::message_limit, "from", "from", "client, origin or both", set_from},
    {SettingsDirective::message_limit, "action", "action", "slow or close",
     [](auto& draft, auto value) { return choice(value, "close", "slow", draft.messages.close); }},
    {SettingsDirective::message_limit, "strict", "strict", "on or off",
     [](auto& draft, auto value) { return choice(value, "on", "off", draft.line.settings.strict); }},
    {SettingsDirective::pass, "", "buffer", kLegalBuffer,
     [](auto& draft, auto value) { return parse_buffer(value, draft.line.settings.buffer); }},
    {SettingsDirective::pass, "", "receive-buffer", kLegalSocketBuffer,
     [](auto& draft, auto value) { return parse_socket_buffer(value, draft.line.settings.receive_buffer); }},
    {SettingsDirective::pass, "", "send-buffer", kLegalSocketBuffer,
     [](auto& draft, auto value) { return parse_socket_buffer(value, draft.line.settings.send_buffer); }},
};

// Its name in a directive; empty: none.
std::string_view name_in(SettingsDirective directive, const Key& key) noexcept {
  if (directive == SettingsDirective::pass) return key.pass_name;
  return directive == key.directive ? key.name : std::string_view();
}

const Key* find(SettingsDirective directive, std::string_view word) noexcept {
  const auto equals = word.find('=');
  if (equals == std::string_view::npos || equals == 0) return nullptr;
  // As mod_proxy reads its own.
  const auto* found = std::ranges::find_if(kKeys, [directive, word, equals](const Key& key) {
    return equals_ignoring_case(word.substr(0, equals), name_in(directive, key));
  });
  return found != std::end(kKeys) ? found : nullptr;
}

std::string names_in(SettingsDirective directive) {
  std::string names;
  for (const auto& key : kKeys) {
    const auto name = name_in(directive, key);
    if (name.empty()) continue;
    if (!names.empty()) names += ' ';
    names += name;
    names += '=';
  }
  return names;
}

// Which keys a line gives: a bit each.
class Given {
 public:
  // False: it was given before.
  bool add(const Key& key) {
    const auto bit = 1U << static_cast<unsigned>(&key - kKeys);
    return (std::exchange(bits_, bits_ | bit) & bit) == 0;
  }
  bool any(std::initializer_list<std::string_view> names) const {
    return std::any_of(names.begin(), names.end(), [this](auto name) {
      const auto* key = find(SettingsDirective::pass, std::string(name) + '=');
      return (bits_ >> static_cast<unsigned>(key - kKeys) & 1U) != 0;
    });
  }

 private:
  unsigned bits_ = 0;
};

std::string take(SettingsDirective directive, Draft& draft, Given& given, const std::string& word) {
  const auto* key = find(directive, word);
  if (key == nullptr) return word + ": unknown; expected one or more of " + names_in(directive);
  const std::string name(name_in(directive, *key));
  if (!given.add(*key)) return word + ": " + name + "= is given twice";
  if (key->set(draft, std::string_view(word).substr(name.size() + 1))) return {};
  return word + ": " + name + "= needs " + std::string(key->legal);
}

// What does not go together, or nullptr.
const char* contradiction(const Draft& draft, const Given& given) {
  const auto& messages = draft.messages;
  if (given.any({"from"}) && !given.any({"frame", "message", "rate", "bytes", "action"})) {
    return "from= goes with frame=, message=, rate=, bytes= or action=";
  }
  if (given.any({"from"}) && given.any({"strict"})) {
    return "strict= counts for both directions: it does not go with from=";
  }
  if (messages.message > 0 && messages.frame > messages.message) {
    return "frame= must not be greater than message=";
  }
  return nullptr;
}

}  // namespace

SettingsLine parse_settings(SettingsDirective directive, std::span<const std::string> words) {
  Draft draft;
  Given given;
  auto& line = draft.line;
  for (const auto& word : words) {
    line.error = take(directive, draft, given, word);
    if (!line.error.empty()) return line;
  }
  if (const char* error = contradiction(draft, given)) line.error = error;
  if (draft.from_client) line.settings.messages[0] = draft.messages;
  if (draft.from_origin) line.settings.messages[1] = draft.messages;
  return line;
}

SettingsLine parse_settings(SettingsDirective directive, std::string_view arguments) {
  std::vector<std::string> words;
  for (std::string word; skip_spaces(arguments);) {
    if (!take_word(arguments, word)) {
      return {.error = word + ": a quote has no end, or something follows it", .settings = {}, .until = {}};
    }
    words.push_back(word);
  }
  if (words.empty())
    return {.error = "needs one or more of " + names_in(directive), .settings = {}, .until = {}};
  return parse_settings(directive, words);
}

bool parse_buffer(std::string_view value, std::int64_t& size) noexcept {
  return parse_size(value, 4096, 64 * kMebi, size);
}

bool parse_socket_buffer(std::string_view value, std::int64_t& size) noexcept {
  return parse_size(value, 0, 0, size) || parse_buffer(value, size);
}

bool is_pass_setting(std::string_view word) noexcept {
  return find(SettingsDirective::pass, word) != nullptr;
}

std::string pass_setting_names() {
  return names_in(SettingsDirective::pass);
}

}  // namespace wsflow::config
