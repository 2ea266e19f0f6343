#pragma once

#include <optional>

#include "mod_wsflow/capacity/facts.hpp"
#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// What bears on the number of tunnels now: what the configuration has said, the limits of this process, and
// the machine. Nothing: the configuration was not noted. Reads some small files of /proc. Child.
std::optional<capacity::Facts> capacity_now(const server_rec* main, std::uint64_t tunnels);

}  // namespace wsflow::httpd
