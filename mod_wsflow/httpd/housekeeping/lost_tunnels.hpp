#pragma once

#include <optional>
#include <string_view>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/shm/tunnel_view.hpp"

namespace wsflow::httpd {

struct Process;

// Runs shm::reap_all(), writes a line for each tunnel of a dead process to the log of its virtual host, found
// by name, and reports the process to the presence store. A child or a keeper; `process`: nullptr where it
// has no Process.
std::optional<unsigned> reap_and_log(const server_rec* main_server, const Process* process,
                                     shm::Layout& layout) noexcept;

}  // namespace wsflow::httpd
