#pragma once

#include "mod_wsflow/limits/slot_wakeups.hpp"

namespace wsflow::httpd {

// Makes the wakeups of this httpd, once; the parent keeps them across reloads. They are silent if the system
// had no descriptors: then waiters look for their permits by themselves, every tenth of a second. Parent.
void open_wakeups() noexcept;
// The wakeups that open_wakeups() has made; silent: none. Any process.
limits::SlotWakeups retained_wakeups() noexcept;

}  // namespace wsflow::httpd
