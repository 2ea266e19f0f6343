#pragma once

#include "mod_wsflow/status/model.hpp"

namespace wsflow::httpd {

// The worker threads of httpd, by its scoreboard.
status::WorkersView worker_threads() noexcept;

}  // namespace wsflow::httpd
