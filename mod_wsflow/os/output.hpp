#pragma once

#include <string_view>

#include "mod_wsflow/base/clock.hpp"

namespace wsflow::os {

// Writes all of `bytes`; waits for a pipe that is full. False with errno set if the rest cannot be written.
// SIGPIPE is for the caller to ignore or block.
bool write_all(int fd, std::string_view bytes) noexcept;
// What a pipe takes in one piece, between what others write.
inline constexpr std::size_t kWholePipeWrite = 4096;
// Waits until something can be written to `fd`, but no longer than `most`. A signal does not end it.
bool wait_writable(int fd, base::Millis most) noexcept;

}  // namespace wsflow::os
