#include "mod_wsflow/limits/key.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <iterator>

#include "mod_wsflow/limits/share.hpp"
#include "mod_wsflow/os/digest.hpp"

namespace wsflow::limits {

namespace {

void clear_host_bits(in6_addr& address, unsigned bits) noexcept {
  for (unsigned i = 0; i < sizeof address.s6_addr; ++i) {
    const auto kept = std::clamp(bits, i * 8, i * 8 + 8) - i * 8;
    address.s6_addr[i] = static_cast<std::uint8_t>(address.s6_addr[i] & (0xFF00U >> kept));
  }
}

Key key_of(const std::array<std::uint64_t, 2>& hash, std::string_view text, bool show) noexcept {
  Key key;
  std::copy(hash.begin(), hash.end(), key.hash);
  if (show) {
    const auto beginning = text.substr(0, kShownKey);
    std::copy(beginning.begin(), beginning.end(), key.shown);
    key.shown_size = static_cast<std::uint8_t>(beginning.size());
  }
  return key;
}

}  // namespace

Key make_key(const std::uint64_t (&secret)[4], std::string_view text, bool show) noexcept {
  return text.empty() ? Key() : key_of(os::digest128(secret, text), text, show);
}

Key make_shared_key(std::string_view cluster, std::string_view text, bool show) noexcept {
  return text.empty() ? Key() : key_of(os::public_digest128(cluster, text), text, show);
}

Key make_key(const LimitDefinition& definition, const std::uint64_t (&secret)[4], std::string_view text,
             bool show) noexcept {
  return shares_keys(definition) ? make_shared_key(definition.cluster, text, show)
                                 : make_key(secret, text, show);
}

std::string_view network_of(std::string_view text, unsigned bits, char (&space)[64]) noexcept {
  const auto plain = text.substr(0, text.find('%'));
  const auto scope = text.substr(plain.size());  // of a link-local address: "%eth0"
  if (plain.size() >= INET6_ADDRSTRLEN || plain.find(':') == std::string_view::npos) return text;
  space[plain.copy(space, plain.size())] = '\0';
  in6_addr address;
  if (::inet_pton(AF_INET6, space, &address) != 1) return text;
  if (IN6_IS_ADDR_V4MAPPED(&address)) return ::inet_ntop(AF_INET, &address.s6_addr[12], space, sizeof space);
  clear_host_bits(address, bits);
  ::inet_ntop(AF_INET6, &address, space, sizeof space);
  auto* at = space + std::strlen(space);
  constexpr std::size_t kLength = 4;  // "/127"
  if (scope.size() + kLength > static_cast<std::size_t>(std::end(space) - at)) return text;
  at += scope.copy(at, scope.size());
  if (bits < 128) {
    *at++ = '/';
    at = std::to_chars(at, std::end(space), bits).ptr;
  }
  return {space, static_cast<std::size_t>(at - space)};
}

}  // namespace wsflow::limits
