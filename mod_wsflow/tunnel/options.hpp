#pragma once

#include <array>
#include <cstdint>

#include "mod_wsflow/tunnel/close_codes.hpp"
#include "mod_wsflow/tunnel/origin_lease.hpp"

namespace wsflow::limits {
class Limiter;
}
namespace wsflow::shm {
class TunnelRows;
}

namespace wsflow::tunnel {

class Admission;

// The owners of what a tunnel holds and gives back: the same for all tunnels of a route in a process, so that
// each tunnel keeps only numbers. All borrowed; they live as long as the process. nullptr: it holds none.
struct Lenders {
  Admission* admission = nullptr;
  limits::Limiter* limiter = nullptr;
  shm::TunnelRows* rows = nullptr;
  OriginLease::Counts load{};
  friend constexpr bool operator==(const Lenders&, const Lenders&) noexcept = default;
};

// Bounds on the messages of one direction. 0: no bound.
struct MessageLimit {
  std::uint64_t frame = 0;    // payload bytes of a frame
  std::uint64_t message = 0;  // payload bytes of a message, all its frames
  std::uint32_t rate = 0;     // messages a second
  std::uint64_t bytes = 0;    // bytes a second
  bool close = false;         // beyond a rate: true sends Close 1008, false reads the side more slowly
  friend constexpr bool operator==(const MessageLimit&, const MessageLimit&) noexcept = default;
};

// The settings of a tunnel, resolved from its place in the configuration. Tunnels with equal settings share
// one object: a worker makes it, then all threads read it; it lives as long as the process. Times in
// milliseconds; 0: none.
struct Options {
  std::uint32_t idle = 0;        // ends a tunnel without a frame of the peers in either direction
  std::uint32_t stall = 60'000;  // gives a peer up for which bytes wait while its system takes none
  std::uint32_t close = 5'000;   // once one side has ended: time without progress; once we close: in all
  std::uint32_t ping_client = 45'000;   // quiet time of the client before a ping to it
  std::uint32_t ping_origin = 0;        // quiet time of the origin before a ping to it
  std::uint32_t ping_timeout = 20'000;  // time for the pong
  // While this many bytes wait for a side, the other side is not read. A read that finds no bytes waiting may
  // go a little beyond it. The low watermark is half of it.
  std::uint32_t high_watermark = 64 * 1024;
  std::array<MessageLimit, 2> messages{};          // by direction: from the client, from the origin
  bool strict = false;                             // bytes that break RFC 6455 end the tunnel
  ClientCodes client_codes = kDefaultClientCodes;  // of our Close frames to clients; 0: an end without one
  std::uint32_t spread =
      5'000;  // over which the clients of an origin that is lost with many tunnels are told
  Lenders lenders{};
  const void* log_context = nullptr;  // handed to the log sink; borrowed, lives as long as the process
  friend constexpr bool operator==(const Options&, const Options&) noexcept = default;

  bool polices() const noexcept {
    return strict || messages[0] != MessageLimit{} || messages[1] != MessageLimit{};
  }
};

inline constexpr Options kDefaultOptions{};

}  // namespace wsflow::tunnel
