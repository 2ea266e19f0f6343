#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "mod_wsflow/base/parsed.hpp"
#include "mod_wsflow/config/overlay.hpp"
#include "mod_wsflow/config/values.hpp"
#include "mod_wsflow/tunnel/options.hpp"

namespace wsflow::config {

// How tunnels are treated. A section or a route gives some of the settings (Partial...); for a tunnel each
// has a value.

// What messages of one direction may be. 0: any.
template <template <class> class Field>
struct MessageSettingsOf {
  Field<std::int64_t> frame{};    // bytes
  Field<std::int64_t> message{};  // bytes
  Field<std::int64_t> rate{};     // messages a second
  Field<std::int64_t> bytes{};    // a second
  Field<bool> close{};            // what comes too fast is closed; else it is read more slowly
  using List = Members<&MessageSettingsOf::frame, &MessageSettingsOf::message, &MessageSettingsOf::rate,
                       &MessageSettingsOf::bytes, &MessageSettingsOf::close>;
  friend constexpr bool operator==(const MessageSettingsOf&, const MessageSettingsOf&) noexcept = default;
};

// Times in microseconds, as APR has them; sizes in bytes. 0: none.
template <template <class> class Field>
struct TunnelSettingsOf {
  // WSFlowTimeout
  Field<std::int64_t> connect{};
  Field<std::int64_t> handshake{};
  Field<std::int64_t> idle{};
  Field<std::int64_t> stall{};
  Field<std::int64_t> close{};
  Field<std::int64_t> lifetime{};
  Field<std::int64_t> jitter{};  // of the lifetime, in per cent
  // WSFlowPing
  Field<std::int64_t> ping_client{};
  Field<std::int64_t> ping_origin{};
  Field<std::int64_t> ping_timeout{};
  // WSFlowCloseCode
  std::array<Field<int>, tunnel::kNotices> client_codes{};  // 0: an end without a Close frame
  Field<std::int64_t> spread{};
  // WSFlowBufferSize, WSFlowReceiveBufferSize, WSFlowSendBufferSize
  Field<std::int64_t> buffer{};
  Field<std::int64_t> receive_buffer{};
  Field<std::int64_t> send_buffer{};
  // WSFlowMessageLimit
  Field<bool> strict{};                                // what breaks RFC 6455 ends the tunnel
  std::array<MessageSettingsOf<Field>, 2> messages{};  // from the client, from the origin
  using List =
      Members<&TunnelSettingsOf::connect, &TunnelSettingsOf::handshake, &TunnelSettingsOf::idle,
              &TunnelSettingsOf::stall, &TunnelSettingsOf::close, &TunnelSettingsOf::lifetime,
              &TunnelSettingsOf::jitter, &TunnelSettingsOf::ping_client, &TunnelSettingsOf::ping_origin,
              &TunnelSettingsOf::ping_timeout, &TunnelSettingsOf::client_codes, &TunnelSettingsOf::spread,
              &TunnelSettingsOf::buffer, &TunnelSettingsOf::receive_buffer, &TunnelSettingsOf::send_buffer,
              &TunnelSettingsOf::strict, &TunnelSettingsOf::messages>;
  friend constexpr bool operator==(const TunnelSettingsOf&, const TunnelSettingsOf&) noexcept = default;
};

using PartialMessageSettings = MessageSettingsOf<std::optional>;
using PartialTunnelSettings = TunnelSettingsOf<std::optional>;
using MessageSettings = MessageSettingsOf<Value>;
using TunnelSettings = TunnelSettingsOf<Value>;
static_assert(lists_all<PartialMessageSettings>() && lists_all<PartialTunnelSettings>());
static_assert(std::is_trivially_destructible_v<PartialTunnelSettings>);

inline constexpr std::int64_t kSecond = 1'000'000;
constexpr std::array<int, tunnel::kNotices> default_client_codes() noexcept {
  std::array<int, tunnel::kNotices> codes{};
  std::ranges::copy(tunnel::kDefaultClientCodes, codes.begin());
  return codes;
}
inline constexpr TunnelSettings kDefaultSettings{
    .connect = 5 * kSecond,
    .handshake = 60 * kSecond,
    .idle = 0,
    .stall = 60 * kSecond,
    .close = 5 * kSecond,
    .lifetime = 0,
    .jitter = 10,
    .ping_client = 45 * kSecond,
    .ping_origin = 0,
    .ping_timeout = 20 * kSecond,
    .client_codes = default_client_codes(),
    .spread = 5 * kSecond,
    .buffer = 64 * 1024,
    .receive_buffer = 0,
    .send_buffer = 0,
    .strict = false,
    .messages = {},
};

// The options of a tunnel with these settings.
tunnel::Options make_options(const TunnelSettings& settings, const void* log_context) noexcept;

// The directives that take settings as "key=value" words. As keys of WSFlowPass some settings have other
// names, for mod_proxy has keys of its own there.
enum class SettingsDirective : std::uint8_t { timeout, ping, message_limit, close_code, pass };

struct SettingsLine {
  PartialTunnelSettings settings;
  std::optional<std::string> until;  // an expression
};
base::Parsed<SettingsLine> parse_settings(SettingsDirective directive, std::string_view arguments);
base::Parsed<SettingsLine> parse_settings(SettingsDirective directive, std::span<const std::string> words);

// The values of WSFlowBufferSize.
inline constexpr Kind<std::int64_t> kBuffer{
    "a number of bytes from 4k to 64M (units k, M)",
    [](std::string_view text) { return parse_size(text, 4096, std::int64_t{64} << 20U); }};
// The values of WSFlowReceiveBufferSize and WSFlowSendBufferSize.
inline constexpr Kind<std::int64_t> kSocketBuffer{
    "0 (the system's) or a number of bytes from 4k to 64M (units k, M)", [](std::string_view text) {
      const auto none = parse_size(text, 0, 0);
      return none ? none : kBuffer.parse(text);
    }};

// Whether a word of WSFlowPass is one of the module's keys.
bool is_pass_setting(std::string_view word) noexcept;
// The names of the module's keys of WSFlowPass, each with its "=".
std::string pass_setting_names();

}  // namespace wsflow::config
