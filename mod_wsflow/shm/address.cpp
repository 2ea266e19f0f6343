#include "mod_wsflow/shm/address.hpp"

#include <arpa/inet.h>

namespace wsflow::shm {

std::string Address::text() const {
  if (*this == Address{}) return {};
  const bool is_v4 = std::equal(bytes.begin(), bytes.begin() + kV4At, v4({}).bytes.begin());
  char buffer[INET6_ADDRSTRLEN];
  const auto* text = is_v4 ? ::inet_ntop(AF_INET, bytes.data() + kV4At, buffer, sizeof(buffer))
                           : ::inet_ntop(AF_INET6, bytes.data(), buffer, sizeof(buffer));
  return text != nullptr ? text : std::string();
}

}  // namespace wsflow::shm
