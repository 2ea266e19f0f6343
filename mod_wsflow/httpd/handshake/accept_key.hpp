#pragma once

#include "mod_wsflow/base/text.hpp"

namespace wsflow::httpd {

// The Sec-WebSocket-Accept that belongs to a Sec-WebSocket-Key (RFC 6455 4.2.2, 5.4).
base::Text<32> accept_key(const char* key) noexcept;

}  // namespace wsflow::httpd
