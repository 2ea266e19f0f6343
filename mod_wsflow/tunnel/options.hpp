#pragma once

#include <array>
#include <cstdint>

namespace wsflow::tunnel {

// What messages of one direction may be. 0: any.
struct MessageLimit {
  std::uint64_t frame = 0;    // payload bytes of a frame
  std::uint64_t message = 0;  // payload bytes of a message, all its frames
  std::uint32_t rate = 0;     // messages a second
  std::uint64_t bytes = 0;    // bytes a second
  bool close = false;         // too fast: Close 1008; else its side is read more slowly
  friend constexpr bool operator==(const MessageLimit&, const MessageLimit&) noexcept = default;
};

// How a tunnel is treated, as its place in the configuration has it. One object for all tunnels that are
// treated alike; made by a worker, then only read. It lives as long as the process. Times in milliseconds,
// 0: none.
struct Options {
  std::uint32_t idle = 0;              // without a frame of the peers in either direction
  std::uint32_t stall = 60'000;        // bytes wait for a peer whose system takes none
  std::uint32_t close = 5'000;         // without progress once one side has ended; in all once it is decided
  std::uint32_t ping_client = 45'000;  // quiet time of the client before it is pinged
  std::uint32_t ping_origin = 0;
  std::uint32_t ping_timeout = 20'000;  // what a pong may take
  // Bytes that may wait for a side before the other is no longer read. One read that finds nothing waiting
  // may go a little beyond it.
  std::uint32_t high_watermark = 64 * 1024;
  std::array<MessageLimit, 2> messages{};  // by direction: from the client, from the origin
  bool strict = false;                     // what breaks RFC 6455 ends the tunnel with 1002
  const void* log_context = nullptr;       // handed to the log sink; borrowed, lives as long as the process
  friend constexpr bool operator==(const Options&, const Options&) noexcept = default;

  bool polices() const noexcept {
    return strict || messages[0] != MessageLimit{} || messages[1] != MessageLimit{};
  }
};

inline constexpr Options kDefaultOptions{};

}  // namespace wsflow::tunnel
