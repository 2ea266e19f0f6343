#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "mod_wsflow/ws/opcode.hpp"

namespace wsflow::load {

// A payload of `size` bytes that are not all alike, so that lost, doubled or swapped ones are seen: any bytes
// if `binary`, else letters and digits. Always the same.
std::string make_payload(std::size_t size, bool binary);

// A whole frame of a client, masked. All frames of a run have the same key: what it is good for (RFC 6455
// 10.3) does not arise where the sender's payload is its own.
std::string client_frame(ws::Opcode opcode, std::string_view payload);

}  // namespace wsflow::load
