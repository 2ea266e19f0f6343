#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "mod_wsflow/config/tunnel_settings.hpp"

namespace wsflow::config {

// The "key=value" words that say how tunnels are treated.

// Where they stand. As keys of WSFlowPass some have other names, for mod_proxy has keys of its own there.
enum class SettingsDirective : std::uint8_t { timeout, ping, message_limit, pass };

struct SettingsLine {
  std::string error;  // what is wrong and what is legal; empty: nothing, and the rest counts
  TunnelSettings settings;
  std::string until;  // the expression; empty: not given
};
SettingsLine parse_settings(SettingsDirective directive, std::string_view arguments);
SettingsLine parse_settings(SettingsDirective directive, std::span<const std::string> words);

// The values of WSFlowBufferSize, and of WSFlowReceiveBufferSize and WSFlowSendBufferSize; false if it is
// none.
inline constexpr std::string_view kLegalBuffer = "a number of bytes from 4k to 64M (units k, M)";
bool parse_buffer(std::string_view value, std::int64_t& size) noexcept;
inline constexpr std::string_view kLegalSocketBuffer =
    "0 (the system's) or a number of bytes from 4k to 64M (units k, M)";
bool parse_socket_buffer(std::string_view value, std::int64_t& size) noexcept;

// Whether a word of WSFlowPass is one of ours.
bool is_pass_setting(std::string_view word) noexcept;
// The names of all these, each with its "=".
std::string pass_setting_names();

}  // namespace wsflow::config
