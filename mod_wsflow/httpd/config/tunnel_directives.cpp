#include "mod_wsflow/httpd/config/tunnel_directives.hpp"

#include <algorithm>
#include <optional>

#include "mod_wsflow/httpd/config/field_expression.hpp"
#include "mod_wsflow/httpd/config/line_place.hpp"
#include "mod_wsflow/httpd/elements.hpp"
#include "mod_wsflow/httpd/guard.hpp"

namespace wsflow::httpd {

namespace {

const char* set_words(cmd_parms* cmd, void* dir_config, config::SettingsDirective directive,
                      const char* arguments) noexcept {
  if (const char* error = ap_check_cmd_context(cmd, NOT_IN_HTACCESS)) return error;
  return guard(cmd->server, "out of memory", [&]() -> const char* {
    auto& config = *static_cast<DirConfig*>(dir_config);
    const auto line = config::parse_settings(directive, arguments);
    const char* error = line ? apply_settings(cmd, *line, config.tunnels) : line.wrong().c_str();
    if (error != nullptr) return apr_pstrcat(cmd->pool, cmd->cmd->name, " ", error, nullptr);
    note_tunnel_section(cmd, config, nullptr);
    return nullptr;
  });
}

const char* set_size(cmd_parms* cmd, void* dir_config, const char* value,
                     const config::Kind<std::int64_t>& kind,
                     std::optional<std::int64_t> config::PartialTunnelSettings::*field) noexcept {
  if (const char* error = ap_check_cmd_context(cmd, NOT_IN_HTACCESS)) return error;
  auto& config = *static_cast<DirConfig*>(dir_config);
  const auto size = kind.parse(value);
  if (!size) {
    return apr_psprintf(cmd->pool, "%s %s: needs %.*s", cmd->cmd->name, value,
                        static_cast<int>(kind.legal.size()), kind.legal.data());
  }
  config.tunnels.settings.*field = size;
  note_tunnel_section(cmd, config, nullptr);
  return nullptr;
}

}  // namespace

const char* apply_settings(cmd_parms* cmd, const config::SettingsLine& line,
                           PartialTunnelConfig& tunnels) noexcept {
  tunnels.settings = overlay(line.settings, tunnels.settings);
  if (!line.until) return nullptr;
  const char* error = nullptr;
  const char* text = apr_pstrmemdup(cmd->pool, line.until->data(), line.until->size());
  tunnels.until = parse_expression(cmd, text, &error);
  if (error == nullptr) return nullptr;
  return apr_pstrcat(cmd->pool, "until=", text, ": until= needs an expression that gives a text: ", error,
                     nullptr);
}

void note_tunnel_section(cmd_parms* cmd, const DirConfig& section, const Route* route) noexcept {
  auto*& places = config_of(ap_server_conf).tunnel_sections;
  if (places == nullptr) places = apr_array_make(cmd->pool, 4, sizeof(TunnelSection));
  const auto known = elements<const TunnelSection>(places);
  const bool noted = route == nullptr && std::ranges::any_of(known, [&](const TunnelSection& place) {
                       return place.section == &section && place.route == nullptr;
                     });
  if (noted) return;
  APR_ARRAY_PUSH(places, TunnelSection) = {
      .server = cmd->server, .section = &section, .route = route, .path = cmd->path, .where = place_of(cmd)};
}

const char* set_timeout(cmd_parms* cmd, void* dir_config, const char* arguments) noexcept {
  return set_words(cmd, dir_config, config::SettingsDirective::timeout, arguments);
}

const char* set_ping(cmd_parms* cmd, void* dir_config, const char* arguments) noexcept {
  return set_words(cmd, dir_config, config::SettingsDirective::ping, arguments);
}

const char* set_close_code(cmd_parms* cmd, void* dir_config, const char* arguments) noexcept {
  return set_words(cmd, dir_config, config::SettingsDirective::close_code, arguments);
}

const char* set_message_limit(cmd_parms* cmd, void* dir_config, const char* arguments) noexcept {
  return set_words(cmd, dir_config, config::SettingsDirective::message_limit, arguments);
}

const char* set_buffer_size(cmd_parms* cmd, void* dir_config, const char* value) noexcept {
  return set_size(cmd, dir_config, value, config::kBuffer, &config::PartialTunnelSettings::buffer);
}

const char* set_receive_buffer_size(cmd_parms* cmd, void* dir_config, const char* value) noexcept {
  return set_size(cmd, dir_config, value, config::kSocketBuffer,
                  &config::PartialTunnelSettings::receive_buffer);
}

const char* set_send_buffer_size(cmd_parms* cmd, void* dir_config, const char* value) noexcept {
  return set_size(cmd, dir_config, value, config::kSocketBuffer, &config::PartialTunnelSettings::send_buffer);
}

}  // namespace wsflow::httpd
