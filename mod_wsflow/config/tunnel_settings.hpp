#pragma once

#include <array>
#include <cstdint>

#include "mod_wsflow/tunnel/options.hpp"

namespace wsflow::config {

// How tunnels are treated in one place of the configuration: a section, or a route.

inline constexpr std::int64_t kUnset = -1;  // not given here

// What messages of one direction may be. 0: any.
struct MessageSettings {
  std::int64_t frame = kUnset;    // bytes
  std::int64_t message = kUnset;  // bytes
  std::int64_t rate = kUnset;     // messages a second
  std::int64_t bytes = kUnset;    // a second
  std::int64_t close = kUnset;    // 1: what comes too fast is closed; 0: it is read more slowly
  friend constexpr bool operator==(const MessageSettings&, const MessageSettings&) noexcept = default;
};

// Times in microseconds, as APR has them; sizes in bytes. 0: none.
struct TunnelSettings {
  // WSFlowTimeout
  std::int64_t connect = kUnset;
  std::int64_t handshake = kUnset;
  std::int64_t idle = kUnset;
  std::int64_t stall = kUnset;
  std::int64_t close = kUnset;
  std::int64_t lifetime = kUnset;
  std::int64_t jitter = kUnset;  // of the lifetime, in per cent
  // WSFlowPing
  std::int64_t ping_client = kUnset;
  std::int64_t ping_origin = kUnset;
  std::int64_t ping_timeout = kUnset;
  // WSFlowBufferSize, WSFlowReceiveBufferSize, WSFlowSendBufferSize
  std::int64_t buffer = kUnset;
  std::int64_t receive_buffer = kUnset;
  std::int64_t send_buffer = kUnset;
  // WSFlowMessageLimit
  std::int64_t strict = kUnset;               // 1: what breaks RFC 6455 ends the tunnel
  std::array<MessageSettings, 2> messages{};  // from the client, from the origin
  friend constexpr bool operator==(const TunnelSettings&, const TunnelSettings&) noexcept = default;
};

inline constexpr std::int64_t kSecond = 1'000'000;
inline constexpr TunnelSettings kDefaultSettings{
    .connect = 5 * kSecond,
    .handshake = 10 * kSecond,
    .idle = 0,
    .stall = 60 * kSecond,
    .close = 5 * kSecond,
    .lifetime = 0,
    .jitter = 10,
    .ping_client = 45 * kSecond,
    .ping_origin = 0,
    .ping_timeout = 20 * kSecond,
    .buffer = 64 * 1024,
    .receive_buffer = 0,
    .send_buffer = 0,
    .strict = 0,
    .messages = {MessageSettings{.frame = 0, .message = 0, .rate = 0, .bytes = 0, .close = 0},
                 MessageSettings{.frame = 0, .message = 0, .rate = 0, .bytes = 0, .close = 0}},
};

// `first` where it is set, else `second`: one by one.
MessageSettings overlay(const MessageSettings& first, const MessageSettings& second) noexcept;
TunnelSettings overlay(const TunnelSettings& first, const TunnelSettings& second) noexcept;

// What `settings`, each of which must be given, are to a tunnel.
tunnel::Options make_options(const TunnelSettings& settings, const void* log_context) noexcept;

}  // namespace wsflow::config
