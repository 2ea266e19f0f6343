#include "mod_wsflow/programs/load/message_reader.hpp"

#include <algorithm>

#include "mod_wsflow/ws/close_code.hpp"

namespace wsflow::load {

bool MessageReader::read(std::span<const std::uint8_t> bytes, MessageListener& listener) {
  while (!bytes.empty() && !broken_ && !scanner_.close_seen()) {
    auto left = scanner_.payload_left();  // of the payload, before what is scanned now
    bool entered = scanner_.in_payload() || left != 0;
    const auto scanned = scanner_.scan_frame(bytes, [&](const ws::FrameHeader& header) {
      frame_ = header;
      entered = true;
      left = header.payload_length;
      if (!ws::is_control(header.opcode) && header.opcode != ws::Opcode::continuation) {
        type_ = header.opcode;
        offset_ = 0;
      }
    });
    broken_ = scanner_.broken() || (entered && frame_.rsv != 0);
    if (broken_) break;
    // The payload's bytes are the last of what was scanned.
    const auto payload = static_cast<std::size_t>(left - scanner_.payload_left());
    if (entered) piece(bytes.subspan(scanned - payload, payload), scanner_.at_boundary(), listener);
    bytes = bytes.subspan(scanned);
  }
  return !broken_;
}

void MessageReader::piece(std::span<const std::uint8_t> payload, bool last, MessageListener& listener) {
  if (!ws::is_control(frame_.opcode)) {
    listener.on_data(type_, offset_, payload, last && frame_.fin);
    offset_ += payload.size();
    return;
  }
  std::copy(payload.begin(), payload.end(), control_.begin() + static_cast<std::ptrdiff_t>(control_size_));
  control_size_ += payload.size();
  if (!last) return;
  const std::span<const std::uint8_t> whole(control_.data(), control_size_);
  control_size_ = 0;
  if (frame_.opcode == ws::Opcode::ping) listener.on_ping(whole);
  if (frame_.opcode != ws::Opcode::close) return;
  const auto reason = whole.subspan(std::min<std::size_t>(whole.size(), 2));
  listener.on_close(scanner_.close_code(), {reinterpret_cast<const char*>(reason.data()), reason.size()});
}

}  // namespace wsflow::load
