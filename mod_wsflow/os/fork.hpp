#pragma once

#include <sys/types.h>

#include <optional>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/base/unique_fd.hpp"

namespace wsflow::os {

// A process that is split off from one with a single thread, and the word of it that it stands on its feet.

// One byte can pass; close-on-exec.
struct Pipe {
  base::UniqueFd reader;
  base::UniqueFd writer;
};
std::optional<Pipe> make_pipe() noexcept;
bool send_byte(int fd) noexcept;
// False if none comes within `most`, or the other end is closed.
bool wait_for_byte(int fd, base::Millis most) noexcept;

// As fork(2).
pid_t fork_process() noexcept;
// Kills a child of this process and waits for it.
void kill_child(pid_t pid) noexcept;
// Ends this process without any cleanup of what it has inherited.
[[noreturn]] void leave(int code) noexcept;
// glibc keeps the number of the socket of syslog(), which is another's once all descriptors were closed.
void close_syslog() noexcept;

}  // namespace wsflow::os
