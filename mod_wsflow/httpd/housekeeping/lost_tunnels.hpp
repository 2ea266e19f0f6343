#pragma once

#include <optional>
#include <string_view>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/shm/tunnel_view.hpp"

namespace wsflow::httpd {

class LogWriter;

// shm::reap_all(), and a line for each tunnel of a process that died, to the log of the virtual host of its
// name. A child or a keeper.
std::optional<unsigned> reap_and_log(const server_rec* main_server, LogWriter* writer,
                                     shm::Layout& layout) noexcept;

}  // namespace wsflow::httpd
