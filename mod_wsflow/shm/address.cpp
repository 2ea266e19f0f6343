#include "mod_wsflow/shm/address.hpp"

#include <arpa/inet.h>

namespace wsflow::shm {

Address Address::of(std::string_view text) noexcept {
  char space[INET6_ADDRSTRLEN];
  if (text.size() >= sizeof(space)) return {};
  space[text.copy(space, text.size())] = '\0';
  Address result;
  if (::inet_pton(AF_INET6, space, result.bytes.data()) == 1) return result;
  std::array<std::uint8_t, 4> v4{};
  return ::inet_pton(AF_INET, space, v4.data()) == 1 ? Address::v4(v4) : Address{};
}

std::string Address::text() const {
  if (*this == Address{}) return {};
  const bool is_v4 = std::equal(bytes.begin(), bytes.begin() + kV4At, v4({}).bytes.begin());
  char buffer[INET6_ADDRSTRLEN];
  const auto* text = is_v4 ? ::inet_ntop(AF_INET, bytes.data() + kV4At, buffer, sizeof(buffer))
                           : ::inet_ntop(AF_INET6, bytes.data(), buffer, sizeof(buffer));
  return text != nullptr ? text : std::string();
}

}  // namespace wsflow::shm
