#include "mod_wsflow/os/socket.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <catch2/catch.hpp>
#include <cerrno>

#include "t/unit/support/sockets.hpp"
#include "t/unit/support/wait.hpp"

using namespace wsflow;
using os::Io;
using test::bytes_of;

TEST_CASE("receive tells bytes, nothing and the end apart", "[socket]") {
  const auto pair = test::socket_pair();
  std::array<std::uint8_t, 8> buffer{};
  CHECK(os::receive(pair.ours.get(), buffer).status == Io::again);
  REQUIRE(test::send_all(pair.peer.get(), bytes_of("abc")));
  const auto got = os::receive(pair.ours.get(), buffer);
  CHECK(got.status == Io::ok);
  CHECK(got.bytes == 3);
  CHECK(buffer[2] == 'c');
  test::end_stream(pair.peer.get());
  CHECK(os::receive(pair.ours.get(), buffer).status == Io::eof);
}

TEST_CASE("a reset is a failure with its error", "[socket]") {
  auto pair = test::tcp_pair();
  test::reset_connection(std::move(pair.peer));
  std::array<std::uint8_t, 8> buffer{};
  os::IoResult got{};
  REQUIRE(test::eventually([&] { return (got = os::receive(pair.ours.get(), buffer)).status != Io::again; }));
  CHECK(got.status == Io::failed);
  CHECK(got.error == ECONNRESET);
}

TEST_CASE("send takes what fits and then says again", "[socket]") {
  const auto pair = test::socket_pair();
  const auto bytes = test::pattern(4 << 20);
  std::size_t sent = 0;
  os::IoResult result{};
  while ((result = os::send(pair.ours.get(), std::span(bytes).subspan(sent))).status == Io::ok)
    sent += result.bytes;
  CHECK(result.status == Io::again);
  CHECK(sent > 0);
  CHECK(sent < bytes.size());
  CHECK(test::receive_exactly(pair.peer.get(), sent) ==
        test::Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(sent)));
  CHECK(os::send(pair.ours.get(), std::span(bytes).first(1)).status == Io::ok);
}

TEST_CASE("sending to a peer that is gone fails and raises no signal", "[socket]") {
  auto pair = test::socket_pair();
  pair.peer.reset();
  const auto result = os::send(pair.ours.get(), bytes_of("abc"));
  CHECK(result.status == Io::failed);
  CHECK(result.error == EPIPE);
}

TEST_CASE("after shutdown_write the peer sees the end, and reading goes on", "[socket]") {
  const auto pair = test::socket_pair();
  os::shutdown_write(pair.ours.get());
  CHECK(test::receive_to_end(pair.peer.get()).ended == test::Ended::eof);
  REQUIRE(test::send_all(pair.peer.get(), bytes_of("late")));
  std::array<std::uint8_t, 8> buffer{};
  CHECK(os::receive(pair.ours.get(), buffer).bytes == 4);
}

TEST_CASE("a duplicate is the same socket, close-on-exec, and blocks or not as the first does", "[socket]") {
  auto pair = test::socket_pair();
  ::fcntl(pair.ours.get(), F_SETFL, 0);
  const auto copy = os::duplicate(pair.ours.get());
  REQUIRE(copy);
  CHECK(copy.get() != pair.ours.get());
  CHECK((::fcntl(copy.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK((::fcntl(copy.get(), F_GETFL) & O_NONBLOCK) == 0);
  CHECK(os::set_non_blocking(pair.ours.get()));
  CHECK((::fcntl(copy.get(), F_GETFL) & O_NONBLOCK) != 0);
  pair.ours.reset();
  REQUIRE(test::send_all(pair.peer.get(), bytes_of("x")));
  CHECK(test::receive_exactly(copy.get(), 1) == bytes_of("x"));
}

TEST_CASE("a descriptor that does not exist has no duplicate", "[socket]") {
  errno = 0;
  CHECK_FALSE(os::duplicate(-1));
  CHECK_FALSE(os::set_non_blocking(-1));
  CHECK(errno == EBADF);
}

TEST_CASE("the kernel is told for how long it may wait for a peer; a local socket does not mind",
          "[socket]") {
  const auto option = [](int fd, int level, int name) {
    int value = 0;
    socklen_t size = sizeof value;
    REQUIRE(::getsockopt(fd, level, name, &value, &size) == 0);
    return value;
  };
  const auto tcp = test::tcp_pair();
  const int fd = tcp.ours.get();
  os::set_peer_timeout(fd, 0);
  CHECK(option(fd, SOL_SOCKET, SO_KEEPALIVE) == 0);
  os::set_peer_timeout(fd, 60'000);
  CHECK(option(fd, SOL_SOCKET, SO_KEEPALIVE) == 1);
  CHECK(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT) == 60'000);
  CHECK(option(fd, IPPROTO_TCP, TCP_KEEPIDLE) == 60);
  CHECK(option(fd, IPPROTO_TCP, TCP_KEEPINTVL) == 15);
  const auto local = test::socket_pair();
  os::set_peer_timeout(local.ours.get(), 60'000);
  CHECK(os::send(local.ours.get(), bytes_of("x")).status == Io::ok);
}

TEST_CASE("the soft limit of descriptors is raised to the hard one", "[socket]") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit lowered = before;
  lowered.rlim_cur = 256;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &lowered) == 0);
  CHECK(os::most_descriptors() == before.rlim_max);
  CHECK(os::raise_descriptor_limit() == before.rlim_max);
  rlimit after{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &after) == 0);
  CHECK(after.rlim_cur == before.rlim_max);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
}
