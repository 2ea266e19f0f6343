#pragma once

#include <cstddef>
#include <cstdint>

namespace wsflow::os {

// Whether the text is a numeric IPv4 or IPv6 address.
bool is_address(const char* text) noexcept;
// Whether connections can leave from this numeric address: it is this machine's, and not that of all
// interfaces.
bool is_local_address(const char* text) noexcept;

// Whether this machine has an address that connections to that remote sockaddr could come from. A TCP
// connection that finds none, and one that finds no free port, fail alike.
bool has_source_for(const void* remote, std::size_t size) noexcept;

// Leaves the choice of the port of a bound socket to connect(): a port is then taken only for the pair of
// addresses, not for the local one alone. Kernels that know no such thing choose at bind().
void choose_port_at_connect(int fd) noexcept;
// How many ports the kernel has for connections between one local address and one remote address and port;
// 0 if it does not say.
std::uint32_t port_count() noexcept;

}  // namespace wsflow::os
