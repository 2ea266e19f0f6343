#pragma once

#include <algorithm>

namespace wsflow::tunnel {

// How many tunnels may hold worker threads, so that the rest of the site always finds one.
struct WorkerBounds {
  unsigned process;        // of the MPM's threads
  unsigned streams;        // streams of HTTP/2, in all
  unsigned of_connection;  // streams of one connection
};

// `threads`: of the MPM in a process; `http2`: of HTTP/2, 0 if there is none.
constexpr WorkerBounds worker_bounds(unsigned threads, unsigned http2) noexcept {
  // How many requests of one connection mod_http2 works on at once, to begin with. A page has a socket or
  // two.
  constexpr unsigned kAtOnce = 6;
  // A connection of HTTP/2 with a stream that is open holds a thread of the MPM, too.
  const auto streams = http2 != 0 ? std::min(threads, http2) : threads;
  return {.process = std::max(threads / 2, 1U),
          .streams = std::max(streams / 2, 1U),
          .of_connection = std::max(std::min(streams, kAtOnce) / 3, 1U)};
}

}  // namespace wsflow::tunnel
