#include "mod_wsflow/tunnel/observer.hpp"

#include <algorithm>

#include "mod_wsflow/base/assert.hpp"

namespace wsflow::tunnel {

namespace {
metrics::OpcodeClass opcode_class(ws::Opcode opcode) noexcept {
  if (ws::is_reserved(opcode)) return metrics::OpcodeClass::reserved;
  const auto value = static_cast<std::size_t>(opcode);
  return static_cast<metrics::OpcodeClass>(value < 8 ? value : value - 5);
}
}  // namespace

template <class Scan>
std::size_t Observer::count(metrics::Recorder& recorder, Scan&& scan) noexcept {
  const auto direction = this->direction();
  const bool was_broken = scanner_.broken();
  const bool had_close = scanner_.close_seen();
  std::uint64_t messages = 0;
  std::uint32_t others = 0;
  const std::size_t bytes = scan([&](const ws::FrameHeader& header) {
    recorder.frame_passed(direction, opcode_class(header.opcode));
    if (header.fin && !ws::is_control(header.opcode)) {
      ++messages;
    } else {
      ++others;
    }
  });
  bytes_ += bytes;
  messages_ += messages;
  recorder.passed(direction, bytes, messages);
  if (others != 0) [[unlikely]]
    others_ += std::min(others, UINT32_MAX - others_);
  if (!had_close && scanner_.close_seen()) [[unlikely]]
    recorder.close_seen(direction, scanner_.close_code());
  if (!was_broken && scanner_.broken()) [[unlikely]]
    recorder.add(metrics::kNotWebSocket);
  return bytes;
}

void Observer::see(std::span<const std::uint8_t> bytes, metrics::Recorder& recorder) noexcept {
  // Most reads bring whole messages, each in one frame.
  std::uint64_t messages = 0;
  std::size_t seen = 0;
  while (const auto size = scanner_.whole_message(bytes.subspan(seen))) {
    recorder.frame_passed(direction(), opcode_class(static_cast<ws::Opcode>(bytes[seen] & 0xFU)));
    seen += size;
    ++messages;
  }
  if (seen != 0) {
    bytes_ += seen;
    messages_ += messages;
    recorder.passed(direction(), seen, messages);
    bytes = bytes.subspan(seen);
    if (bytes.empty()) return;
  }
  count(recorder, [&](auto&& on_frame) {
    scanner_.scan(bytes, on_frame);
    return bytes.size();
  });
}

std::size_t Observer::see_to_boundary(std::span<const std::uint8_t> bytes,
                                      metrics::Recorder& recorder) noexcept {
  return count(recorder, [&](auto&& on_frame) { return scanner_.scan_to_boundary(bytes, on_frame); });
}

std::size_t Observer::see_frame(std::span<const std::uint8_t> bytes, metrics::Recorder& recorder) noexcept {
  return count(recorder, [&](auto&& on_frame) { return scanner_.scan_frame(bytes, on_frame); });
}

void Observer::skip(std::uint64_t count, metrics::Recorder& recorder) noexcept {
  WSFLOW_ASSERT(in_payload() && count <= payload_left());
  scanner_.skip(count);
  bytes_ += count;
  recorder.passed(direction(), count, 0);
}

std::uint64_t Observer::payload_left_behind(std::span<const std::uint8_t> head) const noexcept {
  auto trial = scanner_;
  trial.scan(head, [](const ws::FrameHeader&) {});
  return trial.in_payload() ? trial.payload_left() : 0;
}

bool Observer::would_break(std::span<const std::uint8_t> head) const noexcept {
  auto trial = scanner_;
  trial.scan(head, [](const ws::FrameHeader&) {});
  return trial.broken();
}

}  // namespace wsflow::tunnel
