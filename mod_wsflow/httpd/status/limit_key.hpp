#pragma once

#include <string_view>
#include <vector>

#include "mod_wsflow/httpd/config/limit_config.hpp"
#include "mod_wsflow/limits/key.hpp"
#include "mod_wsflow/shm/layout.hpp"

namespace wsflow::httpd {

// The limits of the configuration of `server`, the main one, that are defined.
std::vector<const LimitConfig*> defined_limits(const server_rec* server);
// The one of this name; nullptr: there is none.
const LimitConfig* defined_limit(const server_rec* server, std::string_view name);
// The key that requests with this text have in a limit with key=.
limits::Key key_in(const LimitConfig& limit, shm::Layout& layout, std::string_view text) noexcept;

}  // namespace wsflow::httpd
