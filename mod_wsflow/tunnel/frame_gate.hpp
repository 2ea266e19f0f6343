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

// What a direction lets through, where that is not everything: the pongs that answer our pings are taken out,
// and frames that the options do not allow are stopped before their first byte. For that it holds back the
// beginning of a frame until it knows what the frame is. A tunnel has one only while it needs it. One loop
// thread.
class FrameGate {
 public:
  static constexpr std::size_t kPingPayload = 8;
  // Pings to the sender of this direction that it has not answered. They differ in the last byte of their
  // payload, which counts them: it may answer each of several, or the last only (RFC 6455 5.5.3).
  struct Ping {
    std::array<std::uint8_t, kPingPayload> payload{};  // of the last one
    std::uint8_t unanswered = 0;
    bool on_its_way = false;  // other bytes had to be delivered before it, and it is not known to be
    std::uint32_t sent_at = 0;
    std::uint32_t waits_since = 0;  // the time for its answer counts from here
    std::uint32_t timeout = 0;      // what that time is, in milliseconds
    std::uint64_t end = 0;          // os::Delivery::confirmed when it has been delivered
    std::uint32_t taken = 0;        // os::Delivery, at the last look
    std::uint32_t arrived = 0;
  };
  // The longest that is held back, less a byte: a masked header and the payload of a pong.
  static constexpr std::size_t kMaxHead = 6 + kPingPayload;
  static_assert(kMaxHead >= ws::kMaxHeaderSize);

  // `options` is borrowed. `extensions`: reserved bits belong to an extension. `now`: milliseconds, as below.
  FrameGate(metrics::Direction direction, const Options& options, bool extensions,
            std::uint32_t now) noexcept;

  // Whether the options need a gate in this direction.
  static bool polices(metrics::Direction direction, const Options& options) noexcept {
    return options.strict || limit_of(direction, options) != MessageLimit{};
  }
  // Nothing is left to do for it.
  bool idle() const noexcept { return !polices_ && ping.unanswered == 0 && held_size_ == 0; }

  // How many bytes may be read now, `payload_left` of them being the rest of a frame, and, if none, in how
  // many milliseconds enough of them.
  std::size_t room(std::uint32_t now, std::uint64_t payload_left) noexcept;
  std::uint32_t wait(std::uint32_t now) noexcept;

  // Copies what is held back to the front of `buffer`, where what is read next belongs behind it.
  // Pre: room for kMaxHead bytes.
  std::size_t restore(std::span<std::uint8_t> buffer) const noexcept;
  struct Result {
    std::size_t bytes = 0;                   // which pass, now at the front
    unsigned pongs = 0;                      // answers to our pings, that were taken out
    std::optional<base::Outcome> verdict{};  // why nothing behind them may pass any more
  };
  // Judges `bytes`, which begin with what was restored.
  Result filter(std::span<std::uint8_t> bytes, std::uint32_t now, Observer& observer,
                metrics::Recorder& recorder) noexcept;

  Ping ping;

 private:
  std::optional<std::uint8_t> pings_behind(std::span<const std::uint8_t> pong, std::size_t head_size,
                                           bool masked) const noexcept;
  enum class Kind : std::uint8_t { passes, our_pong, stopped, unclear };
  struct Judgement {
    Kind kind;
    std::size_t size = 0;                       // of our pong
    std::uint8_t unanswered = 0;                // pings behind the one that it answers
    base::Outcome why = base::Outcome::closed;  // it is stopped
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
