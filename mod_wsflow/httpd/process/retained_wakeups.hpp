#pragma once

#include "mod_wsflow/limits/slot_wakeups.hpp"

namespace wsflow::httpd {

// The bells of this httpd, which the parent makes once and keeps across reloads. Silent ones if the system
// had no descriptors: then waiters look for their permits by themselves, every tenth of a second.
void open_bells() noexcept;
// As open_bells() has left them. Any process.
limits::Bells bells() noexcept;

}  // namespace wsflow::httpd
