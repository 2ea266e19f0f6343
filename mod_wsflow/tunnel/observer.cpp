#include "mod_wsflow/tunnel/observer.hpp"

#include <algorithm>

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
    recorder.add(metrics::kFrames(direction, opcode_class(header.opcode)));
    if (header.fin && !ws::is_control(header.opcode)) {
      ++messages;
    } else {
      ++others;
    }
  });
  bytes_ += bytes;
  recorder.add(metrics::kBytes(direction), bytes);
  if (others != 0) [[unlikely]]
    others_ += std::min(others, UINT32_MAX - others_);
  if (messages != 0) {
    messages_ += messages;
    recorder.add(metrics::kMessages(direction), messages);
  }
  if (!had_close && scanner_.close_seen()) [[unlikely]]
    recorder.close_seen(direction, scanner_.close_code());
  if (!was_broken && scanner_.broken()) [[unlikely]]
    recorder.add(metrics::kNotWebSocket);
  return bytes;
}

void Observer::see(std::span<const std::uint8_t> bytes, metrics::Recorder& recorder) noexcept {
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

bool Observer::would_break(std::span<const std::uint8_t> head) const noexcept {
  auto trial = scanner_;
  trial.scan(head, [](const ws::FrameHeader&) {});
  return trial.broken();
}

}  // namespace wsflow::tunnel
