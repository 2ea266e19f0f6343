#pragma once

#include <string>
#include <string_view>

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Makes the filters of this file known to httpd.
void register_held_input() noexcept;

// Takes out of httpd's input filters every byte that was read from the network, and reads no more: what
// arrives from now on stays in the socket. With TLS, what is decrypted is returned and the rest is inside the
// SSL object. Worker thread.
std::string drain_input(conn_rec* c);

// Puts bytes in front of whatever is read from the connection next. Worker thread.
void replay_input(conn_rec* c, std::string_view bytes) noexcept;

}  // namespace wsflow::httpd
