#include "mod_wsflow/os/splice_pipe.hpp"

#include <signal.h>

#include <catch2/catch.hpp>

#include "t/unit/support/sockets.hpp"

using namespace wsflow;
using os::Io;
using os::SplicePipe;

TEST_CASE("bytes go through a pipe from socket to socket", "[splice_pipe]") {
  const bool tcp = GENERATE(false, true);
  const auto source = tcp ? test::tcp_pair() : test::socket_pair();
  const auto sink = tcp ? test::tcp_pair() : test::socket_pair();
  auto pipe = SplicePipe::make();
  REQUIRE(pipe);
  const auto bytes = test::pattern(50'000);
  REQUIRE(test::send_all(source.peer.get(), bytes));
  test::Bytes arrived;
  while (arrived.size() < bytes.size()) {
    const auto in = pipe->fill(source.ours.get(), 20'000);
    if (in.status == Io::again) continue;
    REQUIRE(in.status == Io::ok);
    REQUIRE(in.bytes <= 20'000);
    CHECK(pipe->size() == in.bytes);
    CHECK(pipe->may_be_full());
    while (!pipe->empty()) REQUIRE(pipe->drain(sink.ours.get()).status == Io::ok);
    CHECK_FALSE(pipe->may_be_full());
    test::append(arrived, test::receive_exactly(sink.peer.get(), in.bytes));
  }
  CHECK(arrived == bytes);
  CHECK(pipe->fill(source.ours.get(), 1).status == Io::again);
  test::end_stream(source.peer.get());
  test::Received nothing;
  auto end = pipe->fill(source.ours.get(), 1);
  while (end.status == Io::again) end = pipe->fill(source.ours.get(), 1);
  CHECK(end.status == Io::eof);
}

TEST_CASE("a socket that takes no more leaves the rest in the pipe, from where it can be read",
          "[splice_pipe]") {
  const auto source = test::socket_pair();
  const auto sink = test::socket_pair();
  test::Bytes other_bytes(4096);
  while (test::send_some(sink.ours.get(), other_bytes) != 0) {
  }
  auto pipe = SplicePipe::make();
  REQUIRE(pipe);
  const auto bytes = test::pattern(60'000);
  REQUIRE(test::send_all(source.peer.get(), bytes));
  while (pipe->size() < bytes.size()) {
    if (pipe->fill(source.ours.get(), bytes.size()).status != Io::ok) break;
  }
  const auto all = pipe->size();
  while (pipe->drain(sink.ours.get()).status == Io::ok) {
  }
  REQUIRE_FALSE(pipe->empty());
  REQUIRE(pipe->size() == all);
  test::Bytes rest(pipe->size());
  REQUIRE(pipe->take(rest));
  CHECK(pipe->empty());
  CHECK(std::equal(rest.begin(), rest.end(), bytes.begin()));
}

TEST_CASE("a broken socket fails, with its error", "[splice_pipe]") {
  ::signal(SIGPIPE, SIG_IGN);  // loops have it blocked
  auto source = test::tcp_pair();
  auto sink = test::tcp_pair();
  auto pipe = SplicePipe::make();
  REQUIRE(pipe);
  REQUIRE(test::send_all(source.peer.get(), test::bytes_of("abc")));
  while (pipe->empty()) pipe->fill(source.ours.get(), 3);
  test::reset_connection(std::move(sink.peer));
  CHECK(pipe->drain(sink.ours.get()).status == Io::failed);
  test::reset_connection(std::move(source.peer));
  const auto got = pipe->fill(source.ours.get(), 3);
  CHECK(got.status == Io::failed);
  CHECK(got.error == ECONNRESET);
}
