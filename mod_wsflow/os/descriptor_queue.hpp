#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/base/unique_fd.hpp"

namespace wsflow::os {

// A queue of descriptors between processes: a pair of sockets that they inherit. Several processes may send
// and receive at the same time; each message reaches one of them. What waits in it outlives every process but
// the last that has the pair.

// A connection in the queue.
struct QueuedDescriptor {
  base::UniqueFd fd;
  base::Instant since;  // when it was first put in
};

// Makes a queue, non-blocking and close-on-exec: the first descriptor sends, the second receives. False with
// errno set if the kernel refuses. The caller owns the descriptors.
bool make_descriptor_queue(int (&fds)[2]) noexcept;
// Puts a second descriptor of what is behind `fd` in; the caller's stays open. False with errno set if the
// queue is full or the kernel refuses.
bool put_descriptor(int queue, int fd, base::Instant since) noexcept;
// Takes the next one out; nothing if none waits, or if this process has no descriptor left for it.
std::optional<QueuedDescriptor> take_descriptor(int queue) noexcept;
// Since when the next one waits; nothing if none does. Another process may take it at any time.
std::optional<base::Instant> oldest_descriptor(int queue) noexcept;

// The addresses of both ends of a TCP connection.
struct StreamEnds {
  sockaddr_storage local;
  sockaddr_storage remote;
};
// Nothing if `fd` is no TCP socket, or its connection is over.
std::optional<StreamEnds> ends_of_stream(int fd) noexcept;

}  // namespace wsflow::os
