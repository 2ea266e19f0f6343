#pragma once

#include <span>
#include <string>
#include <string_view>

namespace wsflow::config {

// The elements of a Sec-WebSocket-Protocol field that are among `allowed` (in their case: RFC 6455 11.5), in
// the client's order; empty if none is.
std::string allowed_protocols(std::string_view offered, std::span<const char* const> allowed);

}  // namespace wsflow::config
