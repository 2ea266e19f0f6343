#pragma once

#include <cstdint>
#include <span>

#include "mod_wsflow/metrics/recorder.hpp"
#include "mod_wsflow/ws/frame_scanner.hpp"

namespace wsflow::tunnel {

// Looks at the bytes of one direction as they pass and counts them, for the tunnel and for the process. Used
// by the loop thread that owns the tunnel, or by the worker that runs it.
class Observer {
 public:
  explicit Observer(metrics::Direction direction) noexcept
      : scanner_(direction == metrics::Direction::client_to_origin ? ws::Sender::client
                                                                   : ws::Sender::origin) {}

  void see(std::span<const std::uint8_t> bytes, metrics::Recorder& recorder) noexcept;
  // The same, but only as far as the next boundary between frames; returns how many bytes that took.
  std::size_t see_to_boundary(std::span<const std::uint8_t> bytes, metrics::Recorder& recorder) noexcept;

  // The same, but at most one frame, or the rest of the one that is begun.
  std::size_t see_frame(std::span<const std::uint8_t> bytes, metrics::Recorder& recorder) noexcept;

  // Whether these bytes at a boundary, at most a header, would be no WebSocket.
  bool would_break(std::span<const std::uint8_t> head) const noexcept;

  std::uint64_t bytes() const noexcept { return bytes_; }
  // Those whose header was seen; of more than 2^32 control and continuation frames no more are counted.
  std::uint64_t frames() const noexcept { return messages() + others_; }
  std::uint64_t messages() const noexcept { return messages_; }
  std::uint64_t payload_left() const noexcept { return scanner_.payload_left(); }
  bool at_boundary() const noexcept { return scanner_.at_boundary(); }
  bool broken() const noexcept { return scanner_.broken(); }
  bool close_seen() const noexcept { return scanner_.close_seen(); }
  std::uint16_t close_code() const noexcept { return scanner_.close_code(); }

 private:
  // Counts what `scan(on_frame)` walks over; it returns how many bytes that were.
  template <class Scan>
  std::size_t count(metrics::Recorder& recorder, Scan&& scan) noexcept;
  metrics::Direction direction() const noexcept {
    return scanner_.sender() == ws::Sender::client ? metrics::Direction::client_to_origin
                                                   : metrics::Direction::origin_to_client;
  }

  [[no_unique_address]] ws::FrameScanner scanner_;
  std::uint32_t others_ = 0;  // frames that ended no message
  std::uint64_t bytes_ = 0;
  std::uint64_t messages_ = 0;
};
static_assert(sizeof(Observer) <= 48, "two are part of every idle tunnel");

}  // namespace wsflow::tunnel
