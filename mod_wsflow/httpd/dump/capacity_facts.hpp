#pragma once

#include "mod_wsflow/capacity/facts.hpp"
#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// What the configuration says of the tunnels that httpd carries, as facts in the pool of the configuration.
// Nothing of the machine is in it. Parent, while the configuration as read exists (lines/config_tree).
const capacity::Facts& configured_facts(server_rec* main);

// Keeps them for the status, and adds who starts httpd. Parent, post_config.
void note_capacity(server_rec* main) noexcept;

}  // namespace wsflow::httpd
