#pragma once

#include "mod_wsflow/config/tunnel_settings.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"

namespace wsflow::httpd {

// The directives that say how tunnels are treated.
const char* set_timeout(cmd_parms* cmd, void* dir_config, const char* arguments) noexcept;
const char* set_ping(cmd_parms* cmd, void* dir_config, const char* arguments) noexcept;
const char* set_close_code(cmd_parms* cmd, void* dir_config, const char* arguments) noexcept;
const char* set_message_limit(cmd_parms* cmd, void* dir_config, const char* arguments) noexcept;
const char* set_buffer_size(cmd_parms* cmd, void* dir_config, const char* value) noexcept;
const char* set_receive_buffer_size(cmd_parms* cmd, void* dir_config, const char* value) noexcept;
const char* set_send_buffer_size(cmd_parms* cmd, void* dir_config, const char* value) noexcept;

// Gives `tunnels` what a line says. An error message or nullptr.
const char* apply_settings(cmd_parms* cmd, const config::SettingsLine& line,
                           PartialTunnelConfig& tunnels) noexcept;

// Keeps in mind that a section, or one of its routes, has settings of its own, for the checks at the start.
// `route`: nullptr for the section itself.
void note_tunnel_section(cmd_parms* cmd, const DirConfig& section, const Route* route) noexcept;

}  // namespace wsflow::httpd
