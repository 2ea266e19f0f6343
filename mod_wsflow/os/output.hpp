#pragma once

#include <string_view>

#include "mod_wsflow/base/clock.hpp"

namespace wsflow::os {

// Writes all of `bytes`; waits while a pipe is full. False with errno set if the rest cannot be written.
// Pre: the caller ignores or blocks SIGPIPE.
bool write_all(int fd, std::string_view bytes) noexcept;
// A pipe takes a write of at most this size in one piece, not mixed with other writers' bytes.
inline constexpr std::size_t kWholePipeWrite = 4096;
// Waits until `fd` can be written, but no longer than `most`. A signal does not end the wait.
bool wait_writable(int fd, base::Millis most) noexcept;

}  // namespace wsflow::os
