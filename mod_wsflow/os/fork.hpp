#pragma once

#include <sys/types.h>

#include <optional>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/base/unique_fd.hpp"

namespace wsflow::os {

// Forks a process from one with a single thread. The new process reports through a pipe that it is ready.

// A close-on-exec pipe for one byte.
struct Pipe {
  base::UniqueFd reader;
  base::UniqueFd writer;
};
std::optional<Pipe> make_pipe() noexcept;
bool send_byte(int fd) noexcept;
// False if no byte comes within `most`, or the other end is closed.
bool wait_for_byte(int fd, base::Millis most) noexcept;

// fork(2).
pid_t fork_process() noexcept;
// Kills a child of this process and waits for it.
void kill_child(pid_t pid) noexcept;
// Ends this process; runs no cleanup that it has inherited.
[[noreturn]] void leave(int code) noexcept;
// Makes glibc forget the number of the socket of syslog(). After close_all_except() the number may belong to
// another descriptor.
void close_syslog() noexcept;

}  // namespace wsflow::os
