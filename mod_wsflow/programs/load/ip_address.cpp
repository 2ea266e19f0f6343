#include "mod_wsflow/programs/load/ip_address.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <span>

#include "mod_wsflow/os/connect.hpp"
#include "mod_wsflow/os/output.hpp"
#include "mod_wsflow/ws/field_syntax.hpp"

namespace wsflow::load {

namespace {

IpAddress make(const void* address, std::size_t size) noexcept {
  IpAddress made;
  std::memcpy(&made.storage, address, size);
  made.size = static_cast<socklen_t>(size);
  return made;
}

std::optional<IpAddress> parse_address(std::string_view text) {
  const std::string copy(text);
  sockaddr_in v4{};
  if (::inet_pton(AF_INET, copy.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    return make(&v4, sizeof v4);
  }
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET6, copy.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    return make(&v6, sizeof v6);
  }
  return {};
}

// The bytes of an address, most significant first.
std::span<std::uint8_t> bytes_of(IpAddress& address) noexcept {
  if (address.family() == AF_INET) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage).sin_addr;
    return {reinterpret_cast<std::uint8_t*>(&v4), sizeof v4};
  }
  auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage).sin6_addr;
  return {reinterpret_cast<std::uint8_t*>(&v6), sizeof v6};
}

void step(IpAddress& address) noexcept {
  const auto bytes = bytes_of(address);
  for (std::size_t at = bytes.size(); at-- > 0;) {
    if (++bytes[at] != 0) return;
  }
}

base::Wrong wrong(std::string_view what, std::string_view text) {
  return {std::string(what) + ": " + std::string(text)};
}

}  // namespace

std::string IpAddress::text() const {
  char text[INET6_ADDRSTRLEN] = {};
  if (family() == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(storage).sin_addr, text, sizeof text);
  } else {
    ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr, text, sizeof text);
  }
  return text;
}

base::Parsed<std::vector<IpAddress>> parse_addresses(std::string_view list) {
  std::vector<IpAddress> result;
  if (list.empty()) return wrong("an address or a range of addresses was expected", "nothing is given");
  while (!list.empty()) {
    const auto element = ws::take_element(list);
    const auto dash = element.find('-');
    auto first = parse_address(element.substr(0, dash));
    auto last = dash == std::string_view::npos ? first : parse_address(element.substr(dash + 1));
    if (!first || !last || first->family() != last->family())
      return wrong("not an IP address, and no range of two (192.0.2.8-192.0.2.15)", element);
    if (!result.empty() && result.front().family() != first->family())
      return wrong("IPv4 and IPv6 addresses in one list", element);
    const auto end = bytes_of(*last);
    while (true) {
      const auto here = bytes_of(*first);
      if (std::lexicographical_compare(end.begin(), end.end(), here.begin(), here.end()))
        return wrong("a range that ends before it begins", element);
      if (result.size() == kMostAddresses) return wrong("more than 4096 addresses", element);
      result.push_back(*first);
      if (std::equal(end.begin(), end.end(), here.begin())) break;
      step(*first);
    }
  }
  return result;
}

base::Parsed<std::vector<IpAddress>> resolve(const std::string& host, std::uint16_t port, int family) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0) return wrong("cannot find the address of " + host, ::gai_strerror(error));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
  std::vector<IpAddress> result;
  for (const auto* at = found; at != nullptr; at = at->ai_next)
    result.push_back(make(at->ai_addr, at->ai_addrlen));
  return result;
}

const IpAddress& reachable(const std::vector<IpAddress>& addresses) {
  constexpr base::Millis kPatience{1000};
  if (addresses.size() == 1) return addresses.front();
  for (const auto& address : addresses) {
    const auto fd = os::stream_socket(address.family());
    if (!fd) continue;
    int error = os::begin_connect(fd.get(), address.get(), address.size);
    if (error == EINPROGRESS && os::wait_writable(fd.get(), kPatience))
      error = os::end_connect(fd.get(), address.get(), address.size);
    if (error == 0) return address;
  }
  return addresses.front();
}

}  // namespace wsflow::load
