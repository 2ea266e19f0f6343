#pragma once

#include "mod_wsflow/httpd/process/process.hpp"

namespace wsflow::httpd {

// Forks the keeper of a child that ends gracefully and has tunnels, and returns when the keeper has taken
// the tunnels over. False if that is impossible: the tunnels are still this process's, and its engine
// pauses. Main thread of a child that has no other thread of its own any more.
bool hand_to_keeper(Process& process) noexcept;

}  // namespace wsflow::httpd
