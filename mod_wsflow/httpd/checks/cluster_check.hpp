#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Limits with cluster= have a WSFlowCluster, and that has a client and an address that it takes. OK or a
// status of httpd.
int check_cluster(const server_rec* main) noexcept;

}  // namespace wsflow::httpd
