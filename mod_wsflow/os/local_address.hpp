#pragma once

#include <cstddef>
#include <cstdint>

namespace wsflow::os {

// True if the text is a numeric IPv4 or IPv6 address.
bool is_address(const char* text) noexcept;
// True if connections can leave from this numeric address: it belongs to this machine and is not the
// wildcard.
bool is_local_address(const char* text) noexcept;

// True if this machine has a source address for connections to the remote sockaddr. TCP fails with the same
// error for no source address and for no free port; this tells them apart.
bool has_source_for(const void* remote, std::size_t size) noexcept;

// Makes connect() choose the port of a bound socket: the port is then taken only for the pair of addresses,
// not for the local address alone. Older kernels choose at bind().
void choose_port_at_connect(int fd) noexcept;
// The number of ports that the kernel has for connections between one local address and one remote address
// and port; 0: unknown.
std::uint32_t port_count() noexcept;

}  // namespace wsflow::os
