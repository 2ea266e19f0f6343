#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "mod_wsflow/base/outcome.hpp"
#include "mod_wsflow/tunnel/observer.hpp"
#include "mod_wsflow/tunnel/options.hpp"
#include "mod_wsflow/tunnel/token_bucket.hpp"

namespace wsflow::tunnel {

// Filters one direction of a tunnel: takes out the pongs that answer our pings, and stops frames that the
// options forbid before their first byte passes. It holds back the beginning of a frame until it knows what
// the frame is. A tunnel has a gate only while it needs one. One loop thread.
class FrameGate {
 public:
  static constexpr std::size_t kPingPayload = 8;
  // The unanswered pings to the sender of this direction. The last byte of their payload counts them, as the
  // sender may answer each one or only the last (RFC 6455 5.5.3).
  struct Ping {
    std::array<std::uint8_t, kPingPayload> payload{};  // of the last ping
    std::uint8_t unanswered = 0;
    bool on_its_way = false;        // sent behind other bytes, and not known to be delivered
    std::uint32_t sent_at = 0;      // stamp
    std::uint32_t waits_since = 0;  // stamp from which `timeout` counts
    std::uint32_t timeout = 0;      // milliseconds for the answer
    std::uint64_t end = 0;          // os::Delivery::confirmed of its delivery
    std::uint32_t taken = 0;        // os::Delivery::taken at the last look
    std::uint32_t arrived = 0;      // os::Delivery::arrived at the last look
  };
  // The gate holds back less than this: a masked header and the payload of a pong.
  static constexpr std::size_t kMaxHead = 6 + kPingPayload;
  static_assert(kMaxHead >= ws::kMaxHeaderSize);

  // `options` is borrowed. `extensions`: reserved bits belong to an extension. `now`, here and below: a
  // stamp.
  FrameGate(metrics::Direction direction, const Options& options, bool extensions,
            std::uint32_t now) noexcept;

  // True if the options need a gate in this direction.
  static bool polices(metrics::Direction direction, const Options& options) noexcept {
    return options.strict || limit_of(direction, options) != MessageLimit{};
  }
  // The tunnel needs the gate no longer.
  bool idle() const noexcept { return !polices_ && ping.unanswered == 0 && held_size_ == 0; }

  // The number of bytes that may be read now; `payload_left` of them are the rest of a frame.
  std::size_t room(std::uint32_t now, std::uint64_t payload_left) noexcept;
  // Milliseconds until room() is worth a read.
  std::uint32_t wait(std::uint32_t now) noexcept;

  // True if the rest of a payload that has begun passes without a look, and without a bound.
  bool passes_payload() const noexcept { return held_size_ == 0 && !bytes_.bounded(); }

  // Copies the bytes held back to the front of `buffer` and returns their number; the next read goes behind
  // them. Pre: `buffer` has room for kMaxHead bytes.
  std::size_t restore(std::span<std::uint8_t> buffer) const noexcept;
  struct Result {
    std::size_t bytes = 0;                   // pass; now at the front
    unsigned pongs = 0;                      // answers to our pings; taken out
    std::optional<base::Outcome> verdict{};  // set: nothing behind `bytes` may pass, for this reason
  };
  // Judges `bytes`, which begin with the restored ones.
  Result filter(std::span<std::uint8_t> bytes, std::uint32_t now, Observer& observer,
                metrics::Recorder& recorder) noexcept;

  Ping ping;

 private:
  std::optional<std::uint8_t> pings_behind(std::span<const std::uint8_t> pong, std::size_t head_size,
                                           bool masked) const noexcept;
  enum class Kind : std::uint8_t { passes, our_pong, stopped, unclear };
  struct Judgement {
    Kind kind;
    std::size_t size = 0;                       // our_pong: of the frame
    std::uint8_t unanswered = 0;                // our_pong: pings sent after the one that it answers
    base::Outcome why = base::Outcome::closed;  // stopped: the reason
  };
  static const MessageLimit& limit_of(metrics::Direction direction, const Options& options) noexcept {
    return options.messages[static_cast<std::size_t>(direction)];
  }
  Judgement judge(std::span<const std::uint8_t> head, std::uint32_t now, const Observer& observer) noexcept;
  bool counts(const ws::FrameHeader& header, const Observer& observer) const noexcept;
  std::optional<base::Outcome> beyond_limits(const ws::FrameHeader& header, std::uint32_t now,
                                             const Observer& observer) noexcept;

  const MessageLimit& limit_;  // borrowed from the options
  TokenBucket messages_;
  TokenBucket bytes_;
  std::uint64_t message_ = 0;  // payload bytes of the message that is passing
  const bool polices_;
  const bool strict_;
  const bool extensions_;
  std::uint8_t held_size_ = 0;
  std::array<std::uint8_t, kMaxHead> held_{};
};

}  // namespace wsflow::tunnel
