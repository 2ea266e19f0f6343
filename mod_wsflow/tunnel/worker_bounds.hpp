#pragma once

#include <algorithm>

namespace wsflow::tunnel {

// Bounds on the tunnels that hold worker threads, so that the rest of the site always finds one.
struct WorkerBounds {
  unsigned process;        // tunnels on all of the MPM's threads in a process
  unsigned streams;        // tunnels on streams of HTTP/2, in a process
  unsigned of_connection;  // tunnels on streams of one connection
};

// `threads`: the MPM's threads in a process; `http2`: the threads of mod_http2, 0 without it.
constexpr WorkerBounds worker_bounds(unsigned threads, unsigned http2) noexcept {
  // mod_http2 begins with this many requests of one connection at once. A page has a WebSocket or two.
  constexpr unsigned kAtOnce = 6;
  // An HTTP/2 connection with an open stream also holds a thread of the MPM.
  const auto streams = http2 != 0 ? std::min(threads, http2) : threads;
  return {.process = std::max(threads / 2, 1U),
          .streams = std::max(streams / 2, 1U),
          .of_connection = std::max(std::min(streams, kAtOnce) / 3, 1U)};
}

}  // namespace wsflow::tunnel
