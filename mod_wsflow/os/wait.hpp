#pragma once

#include <initializer_list>

#include "mod_wsflow/base/clock.hpp"

namespace wsflow::os {

// Waits until one of `fds` can be read or has ended, but no longer than `most`; true if one can. A signal
// does not end the wait.
bool wait_readable(std::initializer_list<int> fds, base::Millis most) noexcept;

// Waits until `fd` can be read or, with `write`, written, or has ended, but no longer than `most`; true if
// so. -1: waits for the time alone. `peer`: a socket whose end of stream ends the wait as well; -1: none.
bool wait_for(int fd, bool write, int peer, base::Micros most) noexcept;

}  // namespace wsflow::os
