#pragma once

#include <optional>

#include "mod_wsflow/config/overlay.hpp"
#include "mod_wsflow/config/page_origin.hpp"
#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Whose handshakes are taken in one place of the configuration, and from where they go on. Its parts live in
// pconf.
struct HandshakeConfig {
  const config::OriginRules* origins = nullptr;   // WSFlowOrigin
  const apr_array_header_t* protocols = nullptr;  // WSFlowProtocol, of const char*; empty: any
  std::optional<bool> strip_extensions{};         // WSFlowExtensions
  std::optional<bool> check_protocol{};           // WSFlowSubprotocolCheck; on where nothing is given
  const apr_array_header_t* sources = nullptr;    // WSFlowSourceAddress, of apr_sockaddr_t*; empty: any
  using List = config::Members<&HandshakeConfig::origins, &HandshakeConfig::protocols,
                               &HandshakeConfig::strip_extensions, &HandshakeConfig::check_protocol,
                               &HandshakeConfig::sources>;
};
static_assert(config::lists_all<HandshakeConfig>());

// The directives; an error message or nullptr.
const char* set_origin(cmd_parms* cmd, void* dir_config, const char* arguments) noexcept;
const char* set_protocol(cmd_parms* cmd, void* dir_config, const char* arguments) noexcept;
const char* set_extensions(cmd_parms* cmd, void* dir_config, const char* word) noexcept;
const char* set_source_address(cmd_parms* cmd, void* dir_config, const char* arguments) noexcept;

}  // namespace wsflow::httpd
