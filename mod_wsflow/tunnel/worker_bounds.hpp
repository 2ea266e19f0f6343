#pragma once

#include <algorithm>

namespace wsflow::tunnel {

// Bounds on the tunnels that hold worker threads, so that the rest of the site always finds one.
struct WorkerBounds {
  unsigned process;  // tunnels on all of the MPM's threads in a process
  unsigned streams;  // tunnels on streams of HTTP/2, in a process
};

// Tunnels on streams of one connection. mod_http2 works on six requests of a connection at once, and on two
// when its client has reset some before they were answered: a second tunnel would be the end of all others.
constexpr unsigned kMostOfConnection = 1;

// `threads`: the MPM's threads in a process; `http2`: the threads of mod_http2, 0 without it.
constexpr WorkerBounds worker_bounds(unsigned threads, unsigned http2) noexcept {
  // An HTTP/2 connection with an open stream also holds a thread of the MPM.
  const auto streams = http2 != 0 ? std::min(threads, http2) : threads;
  return {.process = std::max(threads / 2, 1U), .streams = std::max(streams / 2, 1U)};
}

}  // namespace wsflow::tunnel
