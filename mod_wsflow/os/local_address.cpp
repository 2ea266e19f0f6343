#include "mod_wsflow/os/local_address.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstddef>

#include "mod_wsflow/base/unique_fd.hpp"

namespace wsflow::os {

namespace {

template <class Address>
bool can_bind(const Address& address, int family) noexcept {
  const base::UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return fd && ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

bool parse(const char* text, sockaddr_in& address) noexcept {
  address.sin_family = AF_INET;
  return ::inet_pton(AF_INET, text, &address.sin_addr) == 1;
}
bool parse(const char* text, sockaddr_in6& address) noexcept {
  address.sin6_family = AF_INET6;
  return ::inet_pton(AF_INET6, text, &address.sin6_addr) == 1;
}

}  // namespace

bool is_address(const char* text) noexcept {
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  return parse(text, v4) || parse(text, v6);
}

bool is_local_address(const char* text) noexcept {
  sockaddr_in v4{};
  if (parse(text, v4)) return v4.sin_addr.s_addr != INADDR_ANY && can_bind(v4, AF_INET);
  sockaddr_in6 v6{};
  return parse(text, v6) && IN6_IS_ADDR_UNSPECIFIED(&v6.sin6_addr) == 0 && can_bind(v6, AF_INET6);
}

bool has_source_for(const void* remote, std::size_t size) noexcept {
  const auto* address = static_cast<const sockaddr*>(remote);
  const base::UniqueFd fd(::socket(address->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  // connect() on a datagram socket sends nothing: it only looks up a route.
  return fd && ::connect(fd.get(), address, static_cast<socklen_t>(size)) == 0;
}

void choose_port_at_connect(int fd) noexcept {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
}

std::uint32_t port_count() noexcept {
  const base::UniqueFd file(::open("/proc/sys/net/ipv4/ip_local_port_range", O_RDONLY | O_CLOEXEC));
  std::array<char, 64> text{};
  const auto size = file ? ::read(file.get(), text.data(), text.size()) : 0;
  if (size <= 0) return 0;
  const char* const end = text.data() + size;
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  const char* at = std::from_chars(text.data(), end, first).ptr;
  while (at != end && (*at == ' ' || *at == '\t')) ++at;
  std::from_chars(at, end, last);
  return first != 0 && last >= first ? last - first + 1 : 0;
}

}  // namespace wsflow::os
