#include "mod_wsflow/os/descriptor_queue.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <vector>

using namespace wsflow;
using namespace std::chrono_literals;

namespace {

struct Queue {
  Queue() {
    int fds[2];
    REQUIRE(os::make_descriptor_queue(fds));
    send = base::UniqueFd(fds[0]);
    receive = base::UniqueFd(fds[1]);
  }
  base::UniqueFd send, receive;
};

struct Pipe {
  Pipe() {
    int fds[2];
    REQUIRE(::pipe(fds) == 0);
    reader = base::UniqueFd(fds[0]);
    writer = base::UniqueFd(fds[1]);
  }
  base::UniqueFd reader, writer;
};

const base::Instant kMoment{123456ms};

// A TCP connection over loopback.
struct Connection {
  Connection() {
    const base::UniqueFd listener(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listener.get(), generic, size) == 0);
    REQUIRE(::listen(listener.get(), 1) == 0);
    REQUIRE(::getsockname(listener.get(), generic, &size) == 0);
    client = base::UniqueFd(::socket(AF_INET, SOCK_STREAM, 0));
    REQUIRE(::connect(client.get(), generic, size) == 0);
    server = base::UniqueFd(::accept(listener.get(), nullptr, nullptr));
    REQUIRE(server);
  }
  base::UniqueFd client, server;
};

std::uint16_t port_of(const sockaddr_storage& address) {
  return reinterpret_cast<const sockaddr_in&>(address).sin_port;
}

}  // namespace

TEST_CASE("a descriptor goes through the queue with its moment") {
  Queue queue;
  Pipe pipe;
  CHECK_FALSE(os::take_descriptor(queue.receive.get()));
  CHECK_FALSE(os::oldest_descriptor(queue.receive.get()));
  REQUIRE(os::put_descriptor(queue.send.get(), pipe.writer.get(), kMoment));
  CHECK(os::oldest_descriptor(queue.receive.get()) == kMoment);
  CHECK(os::oldest_descriptor(queue.receive.get()) == kMoment);
  auto taken = os::take_descriptor(queue.receive.get());
  REQUIRE(taken);
  CHECK(taken->since == kMoment);
  CHECK((::fcntl(taken->fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK_FALSE(os::take_descriptor(queue.receive.get()));
  // It is the same file, and the sender may close its own.
  pipe.writer.reset();
  CHECK(::write(taken->fd.get(), "x", 1) == 1);
  char byte = 0;
  CHECK(::read(pipe.reader.get(), &byte, 1) == 1);
  taken.reset();
  CHECK(::read(pipe.reader.get(), &byte, 1) == 0);
}

TEST_CASE("what waits in the queue ends with the queue") {
  Pipe pipe;
  {
    const Queue queue;
    REQUIRE(os::put_descriptor(queue.send.get(), pipe.writer.get(), kMoment));
    pipe.writer.reset();
  }
  char byte = 0;
  CHECK(::read(pipe.reader.get(), &byte, 1) == 0);
}

TEST_CASE("a full queue says so and does not wait") {
  Queue queue;
  const Pipe pipe;
  int put = 0;
  while (put < 100'000 && os::put_descriptor(queue.send.get(), pipe.writer.get(), kMoment)) ++put;
  CHECK(put > 50);
  CHECK(put < 100'000);
  CHECK(os::take_descriptor(queue.receive.get()));
  CHECK(os::put_descriptor(queue.send.get(), pipe.writer.get(), kMoment));
}

TEST_CASE("a message without a descriptor is passed over") {
  Queue queue;
  const Pipe pipe;
  const std::array<char, 8> nothing{};
  REQUIRE(::write(queue.send.get(), nothing.data(), nothing.size()) == 8);
  REQUIRE(os::put_descriptor(queue.send.get(), pipe.writer.get(), kMoment));
  CHECK(os::take_descriptor(queue.receive.get()));
  REQUIRE(::write(queue.send.get(), nothing.data(), nothing.size()) == 8);
  CHECK_FALSE(os::take_descriptor(queue.receive.get()));
}

TEST_CASE("who has no descriptor left leaves the queue to others", "[descriptor_queue]") {
  Queue queue;
  const Pipe pipe;
  for (int i = 0; i < 3; ++i) REQUIRE(os::put_descriptor(queue.send.get(), pipe.writer.get(), kMoment));
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const base::UniqueFd next(::dup(queue.send.get()));
  const rlimit none{.rlim_cur = static_cast<rlim_t>(next.get()), .rlim_max = before.rlim_max};
  std::vector<base::UniqueFd> all;  // below that number
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  for (int fd = ::dup(queue.send.get()); fd >= 0; fd = ::dup(queue.send.get())) all.emplace_back(fd);
  const bool taken = os::take_descriptor(queue.receive.get()).has_value();
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK_FALSE(taken);
  for (int i = 0; i < 3; ++i) CHECK(os::take_descriptor(queue.receive.get()));
}

TEST_CASE("only a living TCP connection has ends") {
  Connection connection;
  const auto ends = os::ends_of_stream(connection.server.get());
  const auto other = os::ends_of_stream(connection.client.get());
  REQUIRE(ends);
  REQUIRE(other);
  CHECK(ends->local.ss_family == AF_INET);
  CHECK(port_of(ends->local) == port_of(other->remote));
  CHECK(port_of(ends->remote) == port_of(other->local));
  const Pipe pipe;
  CHECK_FALSE(os::ends_of_stream(pipe.reader.get()));
  const Queue queue;
  CHECK_FALSE(os::ends_of_stream(queue.send.get()));
  const base::UniqueFd unconnected(::socket(AF_INET, SOCK_STREAM, 0));
  CHECK_FALSE(os::ends_of_stream(unconnected.get()));
  const base::UniqueFd datagrams(::socket(AF_INET, SOCK_DGRAM, 0));
  CHECK_FALSE(os::ends_of_stream(datagrams.get()));
}
