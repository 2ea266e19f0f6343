// A minimal WebSocket origin on loopback, plain and TLS, in one epoll thread: it echoes binary messages. A
// text message "source BYTES" makes it send messages of that size from then on, as fast as they are taken.
//   wsorigin [--cert FILE --key FILE]     prints "PORT" or "PORT TLS_PORT", serves until it is killed
#include "t/bench/frames.hpp"
#include "t/bench/origin.hpp"

namespace wsflow::bench {
namespace {

struct EchoConnection : Connection {
  using Connection::Connection;
  std::string source;    // the frame that is sent again and again; empty: none
  std::size_t sent = 0;  // bytes of it that are out
};

class Echo : public Origin {
  // A turn of one connection sends at most so much, so that the others have theirs.
  static constexpr std::size_t kBudget = 1UL << 20;

  std::unique_ptr<Connection> make_connection(int fd, SslPtr ssl) override {
    return std::make_unique<EchoConnection>(fd, std::move(ssl));
  }

  std::size_t on_bytes(Connection& connection, std::string_view in, std::string& out) override {
    std::size_t used = 0;
    Frame frame;
    while (!connection.ended && whole_frame(in.substr(used), frame)) {
      const std::string_view payload = in.substr(used + frame.header, frame.payload);
      used += frame.size();
      auto& from = static_cast<EchoConnection&>(connection);
      if (frame.opcode() == kPong) continue;
      if (!from.source.empty()) {  // an answer would stand in the middle of a frame
        connection.ended = frame.opcode() == kClose;
        continue;
      }
      if (frame.opcode() == kText) {
        order(from, payload, frame);
        continue;
      }
      const bool ping = frame.opcode() == kPing;
      append_header(out, ping ? 0x80 | kPong : frame.first, frame.payload, false);
      append_xored(out, payload, frame.mask);
      connection.ended = frame.opcode() == kClose;
    }
    return used;
  }

  bool on_room(Connection& connection) override {
    auto& to = static_cast<EchoConnection&>(connection);
    if (to.source.empty()) return false;
    for (std::size_t budget = 0; budget < kBudget;) {
      const long put = to.peer.put(std::string_view(to.source).substr(to.sent));
      to.ended |= put < 0;
      if (put <= 0) return false;
      budget += static_cast<std::size_t>(put);
      to.sent = (to.sent + static_cast<std::size_t>(put)) % to.source.size();
    }
    return true;
  }

  static void order(EchoConnection& from, std::string_view masked, const Frame& frame) {
    std::string text;
    append_xored(text, masked, frame.mask);
    constexpr std::string_view kSource = "source ";
    std::size_t size = 0;
    if (!text.starts_with(kSource) ||
        std::from_chars(text.data() + kSource.size(), text.data() + text.size(), size).ec != std::errc{}) {
      from.ended = true;
      return;
    }
    append_frame(from.source, kBinary, make_payload(size), false);
  }
};

}  // namespace
}  // namespace wsflow::bench

int main(int argc, char** argv) {
  using namespace wsflow::bench;
  use_all_descriptors();
  Echo().serve(Options(argc, argv, 1));
}
