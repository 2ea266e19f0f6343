// The origin of the soak test: echoes each frame piece by piece, and checks that it is what its client must
// have sent and comes in order (pattern.hpp). A client that sends something else is cut off.
//   soakorigin [--cert FILE --key FILE]     prints "PORT" or "PORT TLS_PORT", serves until it is killed
#include "t/bench/origin.hpp"
#include "t/soak/frame_stream.hpp"
#include "t/soak/pattern.hpp"

namespace wsflow::soak {
namespace {

struct Checked : bench::Connection {
  using bench::Connection::Connection;
  FrameStream stream;
  MessageCheck check;
};

class Origin : public bench::Origin {
  std::unique_ptr<bench::Connection> make_connection(int fd, bench::SslPtr ssl) override {
    return std::make_unique<Checked>(fd, std::move(ssl));
  }

  std::size_t on_bytes(bench::Connection& connection, std::string_view in, std::string& out) override {
    auto& from = static_cast<Checked&>(connection);
    return from.stream.feed(in, [&](const Piece& piece) {
      if (!from.ended) from.ended = !answer(from, piece, out);
    });
  }

  // False: nothing follows.
  static bool answer(Checked& from, const Piece& piece, std::string& out) {
    const std::uint8_t opcode = piece.frame.opcode();
    if (!piece.frame.masked) return cut_off(from, piece, "a frame without a mask");
    if (opcode == bench::kPong) return true;
    if (opcode == bench::kPing || opcode == bench::kClose) {
      bench::append_frame(out, opcode == bench::kPing ? bench::kPong : bench::kClose, piece.bytes, false);
      return opcode == bench::kPing;
    }
    if (piece.frame.first != (0x80 | bench::kBinary)) return cut_off(from, piece, "a frame of another kind");
    if (!from.check.piece(piece.offset, piece.bytes)) return cut_off(from, piece, "other bytes");
    if (piece.first()) bench::append_header(out, piece.frame.first, piece.frame.payload, false);
    out.append(piece.bytes);
    if (piece.last()) from.check.finish();
    return true;
  }

  static bool cut_off(const Checked& from, const Piece& piece, const char* what) {
    const std::uint64_t number = from.check.number();
    std::fprintf(stderr,
                 "origin: %s where message %llu of tunnel %llu goes on, in its frame of %zu bytes at %zu\n",
                 what, static_cast<unsigned long long>(number & 0xFFFFFFFF),
                 static_cast<unsigned long long>(number >> 32), piece.frame.payload, piece.offset);
    return false;
  }
};

}  // namespace
}  // namespace wsflow::soak

int main(int argc, char** argv) {
  wsflow::bench::use_all_descriptors();
  wsflow::soak::Origin().serve(wsflow::bench::Options(argc, argv, 1));
}
