#include "mod_wsflow/programs/load/load_socket.hpp"

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mod_wsflow/programs/load/message_text.hpp"
#include "t/unit/support/child_process.hpp"
#include "t/unit/support/sockets.hpp"

using namespace wsflow;
using namespace wsflow::load;

namespace {

// The example of RFC 6455 1.3.
constexpr Nonce kSampleNonce{'t', 'h', 'e', ' ', 's', 'a', 'm', 'p', 'l', 'e', ' ', 'n', 'o', 'n', 'c', 'e'};
constexpr const char* kSampleAnswer =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

struct Counts final : SocketListener {
  void on_open(LoadSocket&) override { ++opened; }
  void on_answer(LoadSocket&, std::int64_t) override {}
  void on_message() override {}
  void on_ping() override { ++pings; }
  void on_bytes(std::size_t, std::size_t) override {}
  int opened = 0;
  int pings = 0;
};

// A socket of a run, and the server's end of it. The system keeps little of what the server does not read.
struct SocketRig {
  SocketRig() {
    const base::UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int small = 4096;
    ::setsockopt(listener.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    auto here = parse_addresses("127.0.0.1");
    REQUIRE(here);
    auto to = here->front();
    auto* const generic = reinterpret_cast<sockaddr*>(&to.storage);
    REQUIRE(::bind(listener.get(), generic, to.size) == 0);
    REQUIRE(::listen(listener.get(), 1) == 0);
    REQUIRE(::getsockname(listener.get(), generic, &to.size) == 0);
    socket = std::make_unique<LoadSocket>(plan, counts, Link(to, nullptr, nullptr), 0, 0, 0, kSampleNonce);
    server = base::UniqueFd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    REQUIRE(server);
    test::shrink_send_buffer(socket->fd());
    REQUIRE(socket->serve(scratch));
    REQUIRE(socket->stage() == LoadSocket::Stage::handshake);
  }

  bool serve() { return socket->serve(scratch); }
  // The server sends all of it, while the socket does its part.
  bool say(std::string_view text) {
    const auto bytes = test::bytes_of(text);
    for (std::size_t sent = 0; sent < bytes.size();) {
      sent += test::send_some(server.get(), std::span(bytes).subspan(sent));
      if (!serve()) return false;
    }
    return true;
  }
  // What the server reads until there is `end`, while the socket does its part.
  std::string hear(std::string_view end) {
    std::string heard;
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!heard.ends_with(end) && std::chrono::steady_clock::now() < limit) {
      const auto got = test::receive_some(server.get());
      heard.append(got.bytes.begin(), got.bytes.end());
      serve();
    }
    return heard;
  }

  SocketPlan plan{HandshakeRequest(*parse_target_url("ws://localhost/"), {}, ""), "hello", false, 1,
                  Answer::none};
  Counts counts;
  std::unique_ptr<LoadSocket> socket;
  base::UniqueFd server;
  std::vector<std::uint8_t> scratch = std::vector<std::uint8_t>(1UL << 18U);
};

std::string ping(const std::string& payload) {
  return std::string{'\x89', static_cast<char>(payload.size())} + payload;
}

std::string numbered(int number) {
  auto text = std::to_string(number);
  return text + std::string(125 - text.size(), '.');
}

}  // namespace

TEST_CASE("Pings of a server that reads nothing cost no memory", "[load]") {
  SocketRig rig;
  REQUIRE(rig.say(kSampleAnswer));
  REQUIRE(rig.socket->stage() == LoadSocket::Stage::open);
  rig.hear("\r\n\r\n");
  // One that is read is answered.
  REQUIRE(rig.say(ping("first")));
  CHECK(rig.hear(client_frame(ws::Opcode::pong, "first")) == client_frame(ws::Opcode::pong, "first"));

  constexpr int kMany = 30'000;
  constexpr int kAtOnce = 100;
  for (int i = 0; i < kMany; i += kAtOnce) {
    std::string pings;
    for (int j = i; j < i + kAtOnce; ++j) pings += ping(numbered(j));
    REQUIRE(rig.say(pings));
  }
  while (rig.counts.pings < kMany + 1) REQUIRE(rig.serve());
  // What waits is in the system's buffers, but for the newest.
  const auto newest = client_frame(ws::Opcode::pong, numbered(kMany - 1));
  const bool closes = GENERATE(false, true);
  if (closes) rig.socket->close();
  const auto last = closes ? newest + client_frame(ws::Opcode::close, "\x03\xE8") : newest;
  const auto heard = rig.hear(last);
  CHECK(heard.ends_with(last));
  CHECK(heard.size() % newest.size() == last.size() % newest.size());
  CHECK(heard.size() < kMany * newest.size() / 4);
}

TEST_CASE("interim answers, as many as there may be, are followed by the final one", "[load]") {
  std::string answer;
  while (answer.size() < (1UL << 18U)) answer += "HTTP/1.1 100\r\n\r\n";
  answer += kSampleAnswer;
  SocketRig rig;
  // Most of it is there when the socket begins to read.
  const int large = 1 << 20;
  ::setsockopt(rig.socket->fd(), SOL_SOCKET, SO_RCVBUF, &large, sizeof large);
  const auto sent = test::send_some(rig.server.get(), test::bytes_of(answer));
  CHECK(sent > answer.size() / 2);
  // In a process with a small stack, of which each of them must not have a part.
  test::ChildProcess child([&] {
    const rlimit small{512UL * 1024, 512UL * 1024};
    if (::setrlimit(RLIMIT_STACK, &small) != 0) return false;
    return rig.serve() && rig.say(answer.substr(sent)) && rig.counts.opened == 1 &&
           rig.socket->stage() == LoadSocket::Stage::open;
  });
  CHECK(child.ended_well());
}

TEST_CASE("an answer that comes byte by byte opens a socket, with an interim one before it", "[load]") {
  SocketRig rig;
  for (const char byte : "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + std::string(kSampleAnswer))
    REQUIRE(rig.say({&byte, 1}));
  CHECK(rig.counts.opened == 1);
  CHECK(rig.socket->stage() == LoadSocket::Stage::open);
}
