#pragma once

#include "mod_wsflow/shm/layout.hpp"

namespace wsflow::httpd {

// Keeps a sample of all counters for the charts when one is due. Every process calls it now and then; the
// first caller takes the sample.
void keep_history(shm::Layout& layout);

}  // namespace wsflow::httpd
