#pragma once

#include "mod_wsflow/limits/slot_wakeups.hpp"

namespace wsflow::httpd {

// The wakeups of this httpd, which the parent makes once and keeps across reloads. Silent ones if the system
// had no descriptors: then waiters look for their permits by themselves, every tenth of a second.
void open_wakeups() noexcept;
// As open_wakeups() has left them. Any process.
limits::SlotWakeups retained_wakeups() noexcept;

}  // namespace wsflow::httpd
