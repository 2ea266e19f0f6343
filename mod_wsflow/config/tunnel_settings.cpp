#include "mod_wsflow/config/tunnel_settings.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "mod_wsflow/config/keys.hpp"
#include "mod_wsflow/config/words.hpp"
#include "mod_wsflow/ws/field_syntax.hpp"

namespace wsflow::config {

namespace {

using base::Parsed;
using base::Wrong;
using ws::equals_ignoring_case;
using Text = std::string_view;

enum class From : std::uint8_t { client, origin, both };

// One line as far as it is read.
struct Draft {
  PartialTunnelSettings settings;
  PartialMessageSettings messages;  // of the directions that `from` names
  std::optional<From> from;
  std::optional<std::string> until;
};

// Kinds of values.

constexpr std::int64_t kHour = 3600 * kSecond;
constexpr std::int64_t kShortest = 10'000;
constexpr std::int64_t kTebi = std::int64_t{1} << 40U;

constexpr Kind<std::int64_t> kBoundedTime{"a time from 10ms to 1h (units ms, s, mi, h; seconds if none)",
                                          [](Text text) { return parse_time(text, kShortest, kHour); }};

constexpr Kind<std::int64_t> kTimeOrNone{
    "0 (none) or a time from 10ms to 1000h (units ms, s, mi, h; seconds if none)", [](Text text) {
      const auto none = parse_time(text, 0, 0);
      return none ? none : parse_time(text, kShortest, 1000 * kHour);
    }};

constexpr Kind<std::int64_t> kJitter{"a number from 0 to 50 with %", [](Text text) {
                                       std::optional<std::int64_t> share;
                                       if (text.ends_with('%'))
                                         share = parse_number(text.substr(0, text.size() - 1), 0, 50);
                                       return share;
                                     }};

constexpr Kind<std::string> kUntil{
    "an expression that gives the seconds since 1970 at which the tunnel must end, or none",
    [](Text text) { return text.empty() ? std::nullopt : std::optional<std::string>(text); }};

std::optional<std::int64_t> parse_bytes(Text text) noexcept {
  return parse_size(text, 0, kTebi);
}
constexpr Kind<std::int64_t> kBytes{"0 (any) or a number of bytes to 1024G (units k, M, G)", parse_bytes};

// A number without its "/s", which 0 need not have; an empty text if another number has none.
Text without_second(Text text) noexcept {
  if (text.ends_with("/s")) return text.substr(0, text.size() - 2);
  return text == "0" ? text : Text();
}
constexpr Kind<std::int64_t> kMessageRate{
    "0 (any) or a number from 1 to 1000000 with /s",
    [](Text text) { return std::optional<std::int64_t>(parse_number(without_second(text), 0, 1'000'000)); }};
constexpr Kind<std::int64_t> kByteRate{"0 (any) or a number of bytes to 1024G with /s (units k, M, G)",
                                       [](Text text) { return parse_bytes(without_second(text)); }};

constexpr Kind<From> kFrom{"client, origin or both", [](Text text) {
                             std::optional<From> from;
                             if (equals_ignoring_case(text, "client")) from = From::client;
                             if (equals_ignoring_case(text, "origin")) from = From::origin;
                             if (equals_ignoring_case(text, "both")) from = From::both;
                             return from;
                           }};

// 0 stands for none.
constexpr Kind<int> kCloseCode{
    "none or a Close code that may be sent: 1000 to 1003, 1007 to 1014, 3000 to 4999", [](Text text) {
      return equals_ignoring_case(text, "none") ? std::optional<int>(0) : parse_close_code(text);
    }};

constexpr Kind<std::int64_t> kSpread{"0 (at once) or a time to 60s (units ms, s, mi, h; seconds if none)",
                                     [](Text text) { return parse_time(text, 0, 60 * kSecond); }};

constexpr Kind<bool> kAction{"slow or close", [](Text text) { return parse_choice(text, "close", "slow"); }};

// A key: its directive, its name in WSFlowPass, its name in the directive (empty: WSFlowPass alone has it),
// and the setting that its value becomes.
struct TunnelKey {
  SettingsDirective directive;
  Text pass_name;
  Key<Draft> key;
};

template <const auto& kind, auto member>
constexpr Key<Draft> setting(Text name) noexcept {
  return key<Draft, kind, &Draft::settings, member>(name);
}
template <const auto& kind, auto member>
constexpr Key<Draft> of_messages(Text name) noexcept {
  return key<Draft, kind, &Draft::messages, member>(name);
}

template <tunnel::Notice notice>
constexpr TunnelKey client_code() noexcept {
  constexpr auto kIndex = static_cast<std::size_t>(notice);
  return {SettingsDirective::close_code,
          "",
          {tunnel::kNoticeRows[kIndex].name, kCloseCode.legal, [](Draft& draft, Text value) {
             auto& code = draft.settings.client_codes[kIndex];
             if (code) return Taken::twice;
             code = kCloseCode.parse(value);
             return code ? Taken::yes : Taken::not_legal;
           }}};
}

using Tunnel = PartialTunnelSettings;
using Messages = PartialMessageSettings;
using enum SettingsDirective;
constexpr TunnelKey kKeys[] = {
    {timeout, "connect", setting<kBoundedTime, &Tunnel::connect>("connect")},
    {timeout, "handshake", setting<kBoundedTime, &Tunnel::handshake>("handshake")},
    {timeout, "idle", setting<kTimeOrNone, &Tunnel::idle>("idle")},
    {timeout, "stall", setting<kTimeOrNone, &Tunnel::stall>("stall")},
    {timeout, "close", setting<kBoundedTime, &Tunnel::close>("close")},
    {timeout, "lifetime", setting<kTimeOrNone, &Tunnel::lifetime>("lifetime")},
    {timeout, "jitter", setting<kJitter, &Tunnel::jitter>("jitter")},
    {timeout, "until", key<Draft, kUntil, &Draft::until>("until")},
    {ping, "ping-client", setting<kTimeOrNone, &Tunnel::ping_client>("client")},
    {ping, "ping-origin", setting<kTimeOrNone, &Tunnel::ping_origin>("origin")},
    {ping, "ping-timeout", setting<kBoundedTime, &Tunnel::ping_timeout>("timeout")},
    {message_limit, "frame", of_messages<kBytes, &Messages::frame>("frame")},
    {message_limit, "message", of_messages<kBytes, &Messages::message>("message")},
    {message_limit, "rate", of_messages<kMessageRate, &Messages::rate>("rate")},
    {message_limit, "bytes", of_messages<kByteRate, &Messages::bytes>("bytes")},
    {message_limit, "from", key<Draft, kFrom, &Draft::from>("from")},
    {message_limit, "action", of_messages<kAction, &Messages::close>("action")},
    {message_limit, "strict", setting<kOnOff, &Tunnel::strict>("strict")},
    client_code<tunnel::Notice::origin_lost>(),
    client_code<tunnel::Notice::origin_fault>(),
    client_code<tunnel::Notice::idle_timeout>(),
    client_code<tunnel::Notice::lifetime>(),
    client_code<tunnel::Notice::server_stop>(),
    client_code<tunnel::Notice::server_restart>(),
    client_code<tunnel::Notice::too_big>(),
    client_code<tunnel::Notice::too_fast>(),
    client_code<tunnel::Notice::not_websocket>(),
    {close_code, "", setting<kSpread, &Tunnel::spread>("spread")},
    {pass, "buffer", setting<kBuffer, &Tunnel::buffer>("")},
    {pass, "receive-buffer", setting<kSocketBuffer, &Tunnel::receive_buffer>("")},
    {pass, "send-buffer", setting<kSocketBuffer, &Tunnel::send_buffer>("")},
};

// The name of a key in a directive; empty: it has none there.
Text name_in(SettingsDirective directive, const TunnelKey& key) noexcept {
  if (directive == pass) return key.pass_name;
  return directive == key.directive ? key.key.name : Text();
}

const TunnelKey* find(SettingsDirective directive, Text word) noexcept {
  const auto equals = word.find('=');
  if (equals == Text::npos || equals == 0) return nullptr;
  // In any case, as mod_proxy reads its own.
  const auto* found = std::ranges::find_if(kKeys, [directive, word, equals](const TunnelKey& key) {
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

// What is wrong with a word; empty: nothing.
std::string take(SettingsDirective directive, Draft& draft, const std::string& word) {
  const auto* key = find(directive, word);
  if (key == nullptr) return word + ": unknown; expected one or more of " + names_in(directive);
  return take_word_of(draft, key->key, name_in(directive, *key), word);
}

// What does not go together, or nullptr.
const char* contradiction(const Draft& draft) noexcept {
  const auto& messages = draft.messages;
  if (draft.from && messages == PartialMessageSettings{}) {
    return "from= goes with frame=, message=, rate=, bytes= or action=";
  }
  if (draft.from && draft.settings.strict) {
    return "strict= counts for both directions: it does not go with from=";
  }
  if (messages.message.value_or(0) > 0 && messages.frame > messages.message) {
    return "frame= must not be greater than message=";
  }
  return nullptr;
}

// Options.

std::uint32_t millis(std::int64_t micros) noexcept {
  return static_cast<std::uint32_t>(micros / 1000);
}

tunnel::MessageLimit message_limit_of(const MessageSettings& settings) noexcept {
  return {.frame = static_cast<std::uint64_t>(settings.frame),
          .message = static_cast<std::uint64_t>(settings.message),
          .rate = static_cast<std::uint32_t>(settings.rate),
          .bytes = static_cast<std::uint64_t>(settings.bytes),
          // Without a rate nothing is too fast.
          .close = settings.close && (settings.rate != 0 || settings.bytes != 0)};
}

}  // namespace

tunnel::Options make_options(const TunnelSettings& settings, const void* log_context) noexcept {
  tunnel::ClientCodes codes{};
  std::ranges::transform(settings.client_codes, codes.begin(),
                         [](int code) { return static_cast<std::uint16_t>(code); });
  return {.idle = millis(settings.idle),
          .stall = millis(settings.stall),
          .close = millis(settings.close),
          .ping_client = millis(settings.ping_client),
          .ping_origin = millis(settings.ping_origin),
          .ping_timeout = millis(settings.ping_timeout),
          .high_watermark = static_cast<std::uint32_t>(settings.buffer),
          .messages = {message_limit_of(settings.messages[0]), message_limit_of(settings.messages[1])},
          .strict = settings.strict,
          .client_codes = codes,
          .spread = millis(settings.spread),
          .log_context = log_context};
}

Parsed<SettingsLine> parse_settings(SettingsDirective directive, std::span<const std::string> words) {
  Draft draft;
  for (const auto& word : words) {
    if (auto wrong = take(directive, draft, word); !wrong.empty()) return Wrong{std::move(wrong)};
  }
  if (const char* wrong = contradiction(draft)) return Wrong{wrong};
  SettingsLine line{.settings = draft.settings, .until = std::move(draft.until)};
  if (draft.from != From::origin) line.settings.messages[0] = draft.messages;
  if (draft.from != From::client) line.settings.messages[1] = draft.messages;
  return line;
}

Parsed<SettingsLine> parse_settings(SettingsDirective directive, Text arguments) {
  std::vector<std::string> words;
  for (std::string word; skip_spaces(arguments);) {
    if (!take_word(arguments, word)) return Wrong{word + ": a quote has no end, or something follows it"};
    words.push_back(word);
  }
  if (words.empty()) return Wrong{"needs one or more of " + names_in(directive)};
  return parse_settings(directive, words);
}

bool is_pass_setting(Text word) noexcept {
  return find(pass, word) != nullptr;
}

std::string pass_setting_names() {
  return names_in(pass);
}

}  // namespace wsflow::config
