#pragma once

#include "mod_wsflow/config/page_origin.hpp"
#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Whose handshakes are taken in one place of the configuration, and from where they go on. Its parts live in
// pconf; nullptr or -1: not given here.
struct HandshakeConfig {
  const config::OriginRules* origins = nullptr;   // WSFlowOrigin
  const apr_array_header_t* protocols = nullptr;  // WSFlowProtocol, of const char*; empty: any
  int strip_extensions = -1;                      // WSFlowExtensions
  int check_protocol = -1;                        // WSFlowSubprotocolCheck; on where nothing is given
  const apr_array_header_t* sources = nullptr;    // WSFlowSourceAddress, of apr_sockaddr_t*; empty: any
};
// `first` where it is set, else `second`.
inline HandshakeConfig overlay(const HandshakeConfig& first, const HandshakeConfig& second) noexcept {
  return {.origins = first.origins != nullptr ? first.origins : second.origins,
          .protocols = first.protocols != nullptr ? first.protocols : second.protocols,
          .strip_extensions = first.strip_extensions >= 0 ? first.strip_extensions : second.strip_extensions,
          .check_protocol = first.check_protocol >= 0 ? first.check_protocol : second.check_protocol,
          .sources = first.sources != nullptr ? first.sources : second.sources};
}

// The directives; an error message or nullptr.
const char* set_origin(cmd_parms* cmd, void* dir_config, const char* arguments) noexcept;
const char* set_protocol(cmd_parms* cmd, void* dir_config, const char* arguments) noexcept;
const char* set_extensions(cmd_parms* cmd, void* dir_config, const char* word) noexcept;
const char* set_subprotocol_check(cmd_parms* cmd, void* dir_config, int on) noexcept;
const char* set_source_address(cmd_parms* cmd, void* dir_config, const char* arguments) noexcept;

}  // namespace wsflow::httpd
