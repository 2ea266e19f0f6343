#pragma once

#include <initializer_list>

#include "mod_wsflow/base/clock.hpp"

namespace wsflow::os {

// Waits until one of `fds` can be read or has ended, but no longer than `most`; true if one can. A signal
// does not end the wait.
bool wait_readable(std::initializer_list<int> fds, base::Millis most) noexcept;

}  // namespace wsflow::os
