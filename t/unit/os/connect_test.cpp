#include "mod_wsflow/os/connect.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "t/unit/support/sockets.hpp"

using namespace wsflow;

namespace {

// A listener on a free port of 127.0.0.1; without `listening` the port refuses connections.
struct Port {
  explicit Port(bool listening) : fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    socklen_t size = sizeof address;
    REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    if (listening) REQUIRE(::listen(fd.get(), 1) == 0);
  }
  base::UniqueFd fd;
  sockaddr_in address{};
};

int connect_and_wait(int fd, const Port& port) {
  const int error = os::begin_connect(fd, &port.address, sizeof port.address);
  if (error != EINPROGRESS) return error;
  pollfd one{.fd = fd, .events = POLLOUT, .revents = 0};
  REQUIRE(::poll(&one, 1, 5000) == 1);
  return os::end_connect(fd, &port.address, sizeof port.address);
}

}  // namespace

TEST_CASE("a connect succeeds, or says why not", "[connect]") {
  const Port open(true);
  const Port closed(false);
  const auto socket = os::stream_socket(AF_INET);
  REQUIRE(socket);
  CHECK(connect_and_wait(socket.get(), open) == 0);
  const auto refused = os::stream_socket(AF_INET);
  CHECK(connect_and_wait(refused.get(), closed) == ECONNREFUSED);
  CHECK(os::bind_to(refused.get(), &open.address, sizeof open.address) != 0);
}

TEST_CASE("a full queue of a local socket is no failure", "[connect]") {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto path = "/tmp/wsflow-connect-test-" + std::to_string(::getpid());
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  const base::UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(listener.get(), 0) == 0);
  const auto first = os::stream_socket(AF_UNIX);
  CHECK(os::begin_connect(first.get(), &address, sizeof address) == 0);
  const auto second = os::stream_socket(AF_UNIX);
  CHECK(os::begin_connect(second.get(), &address, sizeof address) == EAGAIN);
  std::remove(path.c_str());
}

TEST_CASE("a peer is here, has ended, or is lost", "[connect]") {
  const Port port(true);
  const auto ours = os::stream_socket(AF_INET);
  REQUIRE(connect_and_wait(ours.get(), port) == 0);
  base::UniqueFd peer(::accept(port.fd.get(), nullptr, nullptr));
  REQUIRE(::write(peer.get(), "frame", 5) == 5);
  CHECK(os::presence(ours.get()) == os::Presence::here);
  REQUIRE(::shutdown(peer.get(), SHUT_WR) == 0);
  CHECK(os::presence(ours.get()) == os::Presence::ended);
  REQUIRE(::write(ours.get(), "x", 1) == 1);
  peer.reset();  // with an unread byte: a reset
  CHECK(os::presence(ours.get()) == os::Presence::lost);
}

TEST_CASE("a cut ends the wait of whoever reads", "[connect]") {
  const auto pair = test::socket_pair();
  os::cut(pair.ours.get());
  char byte = 0;
  CHECK(::read(pair.ours.get(), &byte, 1) == 0);
}
