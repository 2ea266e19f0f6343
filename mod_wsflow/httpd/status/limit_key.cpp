#include "mod_wsflow/httpd/status/limit_key.hpp"

#include <algorithm>

#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/elements.hpp"

namespace wsflow::httpd {

std::vector<const LimitConfig*> defined_limits(const server_rec* server) {
  std::vector<const LimitConfig*> found;
  for (const auto* limit : elements<LimitConfig*>(config_of(server).limits)) {
    if (limit->where != nullptr) found.push_back(limit);
  }
  return found;
}

const LimitConfig* defined_limit(const server_rec* server, std::string_view name) {
  for (const auto* limit : defined_limits(server)) {
    if (name == limit->definition.name) return limit;
  }
  return nullptr;
}

limits::Key key_in(const LimitConfig& limit, shm::Layout& layout, std::string_view text) noexcept {
  char space[64];
  if (limit.ipv6_prefix < 128)
    text = limits::network_of(text, static_cast<unsigned>(limit.ipv6_prefix), space);
  return limits::make_key(limit.definition, shm::limits_table(layout).secret, text, false);
}

}  // namespace wsflow::httpd
