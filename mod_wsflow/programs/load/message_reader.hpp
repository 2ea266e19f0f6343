#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "mod_wsflow/ws/frame_scanner.hpp"

namespace wsflow::load {

// Who is told what the reader finds. Each may be called with a part of a payload.
class MessageListener {
 public:
  // Bytes of a message, of which `offset` bytes have come before; `last`: it ends behind them.
  virtual void on_data(ws::Opcode type, std::uint64_t offset, std::span<const std::uint8_t> bytes,
                       bool last) = 0;
  virtual void on_ping(std::span<const std::uint8_t> payload) = 0;
  virtual void on_close(std::uint16_t code, std::string_view reason) = 0;

 protected:
  ~MessageListener() = default;
};

// Reads the frames that a server sends, wherever the reads split the stream. Payloads are handed on as they
// come, so that a large message needs no memory.
class MessageReader {
 public:
  // False: the bytes break RFC 6455, or a frame has a reserved bit without an extension; nothing is read any
  // more. Nothing behind a Close frame is read either.
  bool read(std::span<const std::uint8_t> bytes, MessageListener& listener);

 private:
  void piece(std::span<const std::uint8_t> payload, bool last, MessageListener& listener);

  ws::FrameScanner scanner_{ws::Sender::origin};
  ws::FrameHeader frame_{};             // the one whose payload is read
  ws::Opcode type_ = ws::Opcode::text;  // of the message that is read
  std::uint64_t offset_ = 0;            // bytes of the message that have been handed on
  std::array<std::uint8_t, ws::kMaxControlPayload> control_{};
  std::size_t control_size_ = 0;  // bytes of the control frame that is read
  bool broken_ = false;
};

}  // namespace wsflow::load
