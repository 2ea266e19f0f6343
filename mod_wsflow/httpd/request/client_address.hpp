#pragma once

#include <array>
#include <bit>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/shm/address.hpp"

namespace wsflow::httpd {

// Where the client of a request is, as mod_remoteip has it.
inline shm::Address client_address(const request_rec* r) noexcept {
  const auto* from = r->useragent_addr;
  if (from == nullptr) return {};
  if (from->family == APR_INET)
    return shm::Address::v4(std::bit_cast<std::array<std::uint8_t, 4>>(from->sa.sin.sin_addr));
  if (from->family == APR_INET6) return std::bit_cast<shm::Address>(from->sa.sin6.sin6_addr);
  return {};
}

}  // namespace wsflow::httpd
