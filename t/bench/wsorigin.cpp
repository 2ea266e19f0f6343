// A minimal WebSocket echo origin on loopback, plain and TLS, in one epoll thread.
//   wsorigin [--cert FILE --key FILE]     prints "PORT" or "PORT TLS_PORT", serves until it is killed
#include "t/bench/frames.hpp"
#include "t/bench/origin.hpp"

namespace wsflow::bench {
namespace {

class Echo : public Origin {
  std::size_t on_bytes(Connection& connection, std::string_view in, std::string& out) override {
    std::size_t used = 0;
    Frame frame;
    while (!connection.ended && whole_frame(in.substr(used), frame)) {
      const std::string_view payload = in.substr(used + frame.header, frame.payload);
      used += frame.size();
      if (frame.opcode() == kPong) continue;
      const bool ping = frame.opcode() == kPing;
      append_header(out, ping ? 0x80 | kPong : frame.first, frame.payload, false);
      append_xored(out, payload, frame.mask);
      connection.ended = frame.opcode() == kClose;
    }
    return used;
  }
};

}  // namespace
}  // namespace wsflow::bench

int main(int argc, char** argv) {
  using namespace wsflow::bench;
  use_all_descriptors();
  Echo().serve(Options(argc, argv, 1));
}
