#include "mod_wsflow/tunnel/observer.hpp"

namespace wsflow::tunnel {

namespace {
// The classes of metrics::opcode_class_name.
std::size_t opcode_class(ws::Opcode opcode) noexcept {
  if (ws::is_reserved(opcode)) return metrics::kOpcodeClasses - 1;
  const auto value = static_cast<std::size_t>(opcode);
  return value < 8 ? value : value - 5;
}
}  // namespace

void Observer::see(std::span<const std::uint8_t> bytes, metrics::Recorder& recorder) noexcept {
  const auto direction = static_cast<std::size_t>(direction_);
  const bool was_broken = scanner_.broken();
  const bool had_close = scanner_.close_seen();
  std::uint64_t messages = 0;
  scanner_.scan(bytes, [&](const ws::FrameHeader& header) {
    recorder.add(metrics::kFrames + direction * metrics::kOpcodeClasses + opcode_class(header.opcode));
    if (header.fin && !ws::is_control(header.opcode)) ++messages;
  });
  bytes_ += bytes.size();
  recorder.add(metrics::kBytes + direction, bytes.size());
  if (messages != 0) {
    messages_ += messages;
    recorder.add(metrics::kMessages + direction, messages);
  }
  if (!had_close && scanner_.close_seen()) [[unlikely]]
    recorder.close_seen(direction_, scanner_.close_code());
  if (!was_broken && scanner_.broken()) [[unlikely]]
    recorder.add(metrics::kNotWebSocket);
}

}  // namespace wsflow::tunnel
