#pragma once

#include "mod_wsflow/shm/layout.hpp"

namespace wsflow::httpd {

// Keeps a sample of all counters for the charts if it is time for one. Every process calls it once in a
// while; whoever is first does it.
void keep_history(shm::Layout& layout);

}  // namespace wsflow::httpd
