#pragma once

#include "mod_wsflow/httpd/process/process.hpp"

namespace wsflow::httpd {

// A child ends gracefully and has tunnels: forks the keeper, which goes on with them in the place of the
// child, and returns when it has taken over. False if that is impossible: the tunnels are still this
// process's, and its engine pauses. Main thread of a child that has no other thread of its own any more.
bool hand_to_keeper(Process& process) noexcept;

}  // namespace wsflow::httpd
