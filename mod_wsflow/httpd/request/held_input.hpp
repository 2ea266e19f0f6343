#pragma once

#include <string>
#include <string_view>

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Registers the filters of this file with httpd.
void register_held_input() noexcept;

// Takes every byte that was read from the network out of httpd's input filters. Later bytes stay in the
// socket. With TLS, returns the decrypted bytes; the others are inside the SSL object. Worker thread.
std::string drain_input(conn_rec* c);

// Puts `bytes` in front of the connection's further input. Worker thread.
void replay_input(conn_rec* c, std::string_view bytes) noexcept;

}  // namespace wsflow::httpd
