#include <sys/resource.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>
#include <random>

#include "t/unit/support/socket_faults.hpp"
#include "t/unit/support/splice_rig.hpp"
#include "t/unit/support/told.hpp"

using namespace wsflow;
using base::Outcome;
using test::Bytes;
using test::bytes_of;
using test::SpliceRig;
using test::TunnelRig;
using tunnel::Side;

namespace {

Bytes large(std::size_t size, bool masked, unsigned seed = 0) {
  return test::frame(ws::Opcode::binary, true, test::pattern(size, seed), masked);
}
Bytes several(const Bytes& one, int count) {
  Bytes all;
  for (int i = 0; i < count; ++i) test::append(all, one);
  return all;
}
std::span<const std::uint8_t> part(const Bytes& bytes, std::size_t from, std::size_t size = SIZE_MAX) {
  return std::span(bytes).subspan(from, std::min(size, bytes.size() - from));
}
// Large frames have passed in both directions, so that the next are spliced.
void warm_up(SpliceRig& splice) {
  for (const auto from : {Side::client, Side::origin}) {
    const auto frames = several(large(60'000, from == Side::client), 4);
    REQUIRE((splice.pass(from, frames) == frames));
    REQUIRE(splice.rig.side(from).bulk);
  }
  REQUIRE(splice.pipes() == 1);
}

}  // namespace

TEST_CASE("large frames pass unchanged both ways and are counted", "[tunnel][splice]") {
  const auto kind = GENERATE(TunnelRig::Kind::unix_sockets, TunnelRig::Kind::tcp);
  const auto from = GENERATE(Side::client, Side::origin);
  SpliceRig splice({}, {}, kind);
  const auto frames = several(large(200'001, from == Side::client), 9);
  CHECK((splice.pass(from, frames) == frames));
  CHECK(splice.pipes() == 1);
  const auto& seen = splice.rig.tunnel->from(from);
  CHECK(seen.bytes() == frames.size());
  CHECK(seen.messages() == 9);
  CHECK(seen.frames() == 9);
  CHECK(seen.at_boundary());
  const auto direction = static_cast<metrics::Direction>(from);
  CHECK(splice.rig.process.count(metrics::kBytes(direction)) == frames.size());
  CHECK(splice.rig.process.count(metrics::kMessages(direction)) == 9);
  CHECK(splice.rig.tunnel->waiting() == 0);
}

TEST_CASE("the payload of a large frame is neither read nor sent by this process", "[tunnel][splice]") {
  SpliceRig splice;
  warm_up(splice);
  const auto one = large(60'000, true);
  REQUIRE(test::send_all(splice.rig.client.get(), one));
  const test::SocketFaults calls;
  splice.rig.turn();
  CHECK(calls.calls() == 2);  // a look at the header, and one that finds nothing behind the frame
  CHECK((test::receive_some(splice.rig.origin.get()).bytes == one));
}

TEST_CASE("small frames are read as ever, also behind large ones", "[tunnel][splice]") {
  SpliceRig splice;
  warm_up(splice);
  const auto small = several(test::frame(ws::Opcode::text, true, bytes_of("hello"), true), 300);
  REQUIRE((splice.pass(Side::client, small) == small));
  CHECK_FALSE(splice.rig.side(Side::client).bulk);
  REQUIRE(test::send_all(splice.rig.client.get(), std::span(small).first(11)));
  const test::SocketFaults calls;
  splice.rig.turn();
  CHECK(calls.calls() == 2);
}

TEST_CASE("a large frame that comes in small pieces is copied", "[tunnel][splice]") {
  SpliceRig splice;
  warm_up(splice);
  const auto one = large(60'000, true);
  CHECK(splice.pass(Side::client, part(one, 0, 20'000)).size() == 20'000);
  CHECK((splice.pass(Side::client, part(one, 20'000, 1000)).size() == 1000));
  CHECK_FALSE(splice.rig.side(Side::client).bulk);
  const test::SocketFaults calls;
  CHECK((splice.pass(Side::client, part(one, 21'000, 1000)).size() == 1000));
  CHECK(calls.calls() == 2);
  CHECK(splice.pass(Side::client, part(one, 22'000)).size() == one.size() - 22'000);
}

TEST_CASE("whatever the frames and the pieces, what comes out is what went in", "[tunnel][splice]") {
  const auto kind = GENERATE(TunnelRig::Kind::unix_sockets, TunnelRig::Kind::tcp);
  const unsigned seed = GENERATE(range(0U, 12U));
  std::mt19937 random(seed);
  const auto up_to = [&](std::size_t most) {
    return std::uniform_int_distribution<std::size_t>(0, most)(random);
  };
  tunnel::Options options;
  options.high_watermark = seed % 3 == 0 ? 300 : 64 * 1024;
  if (seed % 4 == 1) options.messages = {{{.frame = 5000}, {.message = 20'000}}};
  SpliceRig splice(test::kSmallSizes, options, kind);
  auto& rig = splice.rig;
  if (seed % 2 == 0) test::shrink_send_buffer(rig.side(Side::origin).stream.fd());
  struct Flow {
    Bytes said;
    Bytes heard;
    std::size_t sent = 0;
    std::uint64_t messages = 0;
  } flows[2];
  for (const auto from : {Side::client, Side::origin}) {
    auto& flow = flows[static_cast<std::size_t>(from)];
    for (int i = 0; i < 150; ++i) {
      const bool control = up_to(5) == 0;
      const auto size = control ? up_to(125) : up_to(up_to(2) == 0 ? 4000 : 300);
      test::append(flow.said,
                   test::frame(control ? ws::Opcode::ping : ws::Opcode::binary, true,
                               test::pattern(size, static_cast<unsigned>(i)), from == Side::client));
      flow.messages += control ? 0 : 1;
    }
  }
  const auto limit = base::now() + base::Millis(10'000);
  while (base::now() < limit) {
    for (const auto from : {Side::client, Side::origin}) {
      auto& flow = flows[static_cast<std::size_t>(from)];
      const int source = (from == Side::client ? rig.client : rig.origin).get();
      const int sink = (from == Side::client ? rig.origin : rig.client).get();
      flow.sent += test::send_some(source, part(flow.said, flow.sent, up_to(1500)));
      if (up_to(2) == 0) test::append(flow.heard, test::receive_some(sink).bytes);
    }
    REQUIRE_FALSE(rig.turn(up_to(1) == 0 ? SIZE_MAX : 5000));
    if (flows[0].heard.size() == flows[0].said.size() && flows[1].heard.size() == flows[1].said.size()) break;
  }
  for (const auto from : {Side::client, Side::origin}) {
    auto& flow = flows[static_cast<std::size_t>(from)];
    CHECK((flow.heard == flow.said));
    CHECK(rig.tunnel->from(from).messages() == flow.messages);
    CHECK(rig.tunnel->from(from).bytes() == flow.said.size());
    CHECK(rig.tunnel->from(from).at_boundary());
  }
  CHECK(rig.tunnel->waiting() == 0);
  CHECK(splice.pipes() != 0);
}

TEST_CASE("a slow reader bounds what waits, and gets all of it", "[tunnel][splice]") {
  const auto kind = GENERATE(TunnelRig::Kind::unix_sockets, TunnelRig::Kind::tcp);
  SpliceRig splice({}, {}, kind);
  auto& rig = splice.rig;
  rig.side(Side::origin).bulk = true;
  test::shrink_send_buffer(rig.side(Side::client).stream.fd());
  const auto frames = several(large(2'000'000, false), 3);
  std::size_t sent = 0;
  Bytes arrived;
  bool paused = false;
  bool spliced = false;
  const auto limit = base::now() + base::Millis(10'000);
  for (int round = 0; arrived.size() < frames.size() && base::now() < limit; ++round) {
    sent += test::send_some(rig.origin.get(), part(frames, sent));
    rig.turn();
    REQUIRE(rig.tunnel->waiting() <= 4 * 65 * 1024);
    REQUIRE(rig.side(Side::client).pending.size() == rig.tunnel->waiting());
    paused = paused || rig.side(Side::origin).read_paused;
    spliced = spliced || rig.side(Side::client).pending.pipe() != nullptr;
    if (round % 20 == 0) test::append(arrived, test::receive_some(rig.client.get()).bytes);
  }
  CHECK(paused);
  CHECK(spliced);
  CHECK((arrived == frames));
}

TEST_CASE("a peer that takes pieces at once gets larger ones, until it does not", "[tunnel][splice]") {
  SpliceRig splice(test::kSmallSizes);
  auto& rig = splice.rig;
  rig.side(Side::client).bulk = true;
  const auto one = large(4000, true);
  CHECK(rig.side(Side::origin).whole_pieces == 0);
  REQUIRE((splice.pass(Side::client, one) == one));
  CHECK(rig.side(Side::origin).whole_pieces == 2);
  const auto other_bytes = SpliceRig::clog(rig, Side::origin);
  REQUIRE(test::send_all(rig.client.get(), one));
  rig.turn();
  CHECK(rig.side(Side::origin).whole_pieces == 0);
  CHECK(rig.tunnel->waiting() == one.size());
  REQUIRE(test::receive_exactly(rig.origin.get(), other_bytes).size() == other_bytes);
  rig.turn();
  CHECK((test::receive_some(rig.origin.get()).bytes == one));
}

TEST_CASE("our Close frame stands right behind the frame that is being spliced", "[tunnel][splice]") {
  SpliceRig splice;
  warm_up(splice);
  auto& rig = splice.rig;
  const auto one = large(300'000, false);
  CHECK(splice.pass(Side::origin, part(one, 0, 100'001)).size() == 100'001);
  rig.tunnel->begin_turn(rig.now, false);
  rig.tunnel->begin_close({1001, 1001}, 0x12345678, Outcome::server_stop);
  auto rest = splice.pass(Side::origin, part(one, 100'001));
  rig.turn();
  test::append(rest, test::receive_some(rig.client.get()).bytes);
  Bytes expected(one.begin() + 100'001, one.end());
  test::append(expected, test::close_with(1001, "server stop"));
  CHECK((rest == expected));
  CHECK(rig.tunnel->our_close(Side::client) == 1001);
}

TEST_CASE("a Close frame behind bytes in the pipe comes last", "[tunnel][splice]") {
  SpliceRig splice;
  warm_up(splice);
  auto& rig = splice.rig;
  const auto other_bytes = SpliceRig::clog(rig, Side::client);
  const auto one = large(60'000, false);
  REQUIRE(test::send_all(rig.origin.get(), one));
  rig.turn();
  REQUIRE(rig.side(Side::client).pending.pipe() != nullptr);
  REQUIRE(rig.tunnel->from(Side::origin).at_boundary());
  rig.tunnel->begin_close({1001, 1001}, 0x12345678, Outcome::server_stop);
  CHECK(rig.tunnel->waiting() == one.size() + 4 + 11);
  REQUIRE(test::receive_exactly(rig.client.get(), other_bytes).size() == other_bytes);
  rig.turn();
  auto expected = one;
  test::append(expected, test::close_with(1001, "server stop"));
  CHECK((test::receive_some(rig.client.get()).bytes == expected));
}

TEST_CASE("a ping waits for the end of the frame that is being spliced", "[tunnel][splice]") {
  SpliceRig splice({}, {.ping_client = 1000});
  warm_up(splice);
  auto& rig = splice.rig;
  const auto one = large(300'000, false);
  CHECK(splice.pass(Side::origin, part(one, 0, 100'000)).size() == 100'000);
  rig.now += base::Millis(2000);
  CHECK_FALSE(rig.expire());
  CHECK(rig.tunnel->ping_waits());
  CHECK(test::receive_some(rig.client.get()).bytes.empty());
  auto rest = splice.pass(Side::origin, part(one, 100'000));
  test::append(rest, test::receive_some(rig.client.get()).bytes);
  REQUIRE(rest.size() == one.size() - 100'000 + 10);
  CHECK(std::equal(one.begin() + 100'000, one.end(), rest.begin()));
  CHECK(rest[rest.size() - 10] == 0x89);
}

TEST_CASE("what was sent before an end in the middle of a frame arrives", "[tunnel][splice]") {
  SpliceRig splice({}, {}, TunnelRig::Kind::tcp);
  warm_up(splice);
  auto& rig = splice.rig;
  const auto one = large(300'000, false);
  const bool broken = GENERATE(false, true);
  auto arrived = splice.pass(Side::origin, part(one, 0, 150'000));
  REQUIRE(test::send_all(rig.origin.get(), part(one, 150'000, 3000)));
  if (broken) {
    rig.turn();
    test::reset_connection(std::move(rig.origin));
  } else {
    test::end_stream(rig.origin.get());
  }
  while (!rig.side(Side::origin).finished_reading()) rig.turn();
  test::append(arrived, test::receive_exactly(rig.client.get(), 3000));
  CHECK(std::equal(arrived.begin(), arrived.end(), one.begin(), one.begin() + 153'000));
  CHECK(rig.tunnel->outcome() == (broken ? Outcome::origin_reset : Outcome::origin_eof));
  CHECK(test::receive_to_end(rig.client.get()).bytes.empty());
  CHECK(rig.tunnel->our_close(Side::client) == 0);  // it could only stand inside the frame
}

TEST_CASE("a reader that breaks off gives the pipe back", "[tunnel][splice]") {
  SpliceRig splice({}, {}, TunnelRig::Kind::tcp);
  warm_up(splice);
  auto& rig = splice.rig;
  const auto one = large(60'000, false);
  const bool bytes_wait = GENERATE(false, true);
  if (bytes_wait) {
    SpliceRig::clog(rig, Side::client);
    REQUIRE(test::send_all(rig.origin.get(), one));
    while (rig.tunnel->waiting() != one.size()) rig.turn();
    REQUIRE(rig.side(Side::client).pending.pipe() != nullptr);
  }
  test::reset_connection(std::move(rig.client));
  REQUIRE(test::send_all(rig.origin.get(), one));
  for (int i = 0; i < 1000 && !rig.tunnel->ending(); ++i) rig.turn();
  CHECK(rig.tunnel->outcome() == Outcome::client_reset);
  CHECK(rig.tunnel->waiting() == 0);
  auto next = splice.pool.borrow();
  REQUIRE(next);
  CHECK(next->empty());
}

TEST_CASE("a limit of the frame size holds for spliced frames", "[tunnel][splice]") {
  tunnel::Options options;
  options.messages[0].frame = 250'000;
  SpliceRig splice({}, options);
  auto& rig = splice.rig;
  const auto good = several(large(250'000, true), 3);
  CHECK((splice.pass(Side::client, good) == good));
  CHECK(splice.pipes() == 1);
  const auto bad = large(250'001, true);
  test::send_some(rig.client.get(), bad);
  rig.turn();
  CHECK(rig.tunnel->outcome() == Outcome::too_big);
  CHECK(rig.tunnel->from(Side::client).bytes() == good.size());
}

TEST_CASE("where a rate of bytes is set, each byte is counted before it passes", "[tunnel][splice]") {
  tunnel::Options options;
  options.messages[0].bytes = 1'000'000;
  SpliceRig splice({}, options);
  const auto frames = several(large(150'000, true), 4);
  CHECK((splice.pass(Side::client, frames) == frames));
  CHECK(splice.pipes() == 0);
}

TEST_CASE("more slow readers than pipes: the bytes of the first move to memory", "[tunnel][splice]") {
  tunnel::PipePool pool;
  std::deque<TunnelRig> rigs(tunnel::PipePool::kPipes + 3);
  std::vector<std::size_t> other_bytes;
  const auto one = large(60'000, false);
  for (auto& rig : rigs) {
    rig.pipes = &pool;
    rig.side(Side::origin).bulk = true;
    other_bytes.push_back(SpliceRig::clog(rig, Side::client));
    REQUIRE(test::send_all(rig.origin.get(), one));
    rig.turn();
    REQUIRE(rig.side(Side::client).pending.pipe() != nullptr);
  }
  std::vector<int> descriptors;
  pool.add_descriptors(descriptors);
  CHECK(descriptors.size() == tunnel::PipePool::kDescriptors);
  CHECK(rigs[0].side(Side::client).pending.pipe() == nullptr);
  CHECK(rigs[2].side(Side::client).pending.pipe() == nullptr);
  CHECK(rigs[3].side(Side::client).pending.pipe() != nullptr);
  for (std::size_t i = 0; i < rigs.size(); ++i) {
    CHECK(rigs[i].tunnel->waiting() == one.size());
    REQUIRE(test::receive_exactly(rigs[i].client.get(), other_bytes[i]).size() == other_bytes[i]);
    rigs[i].run();
    CHECK((test::receive_some(rigs[i].client.get()).bytes == one));
    CHECK(rigs[i].tunnel->waiting() == 0);
  }
}

TEST_CASE("without a pipe large frames are copied", "[tunnel][splice]") {
  SpliceRig splice;
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit none{.rlim_cur = 3, .rlim_max = before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  const auto frames = several(large(200'000, true), 3);
  const auto arrived = splice.pass(Side::client, frames);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK((arrived == frames));
  CHECK(splice.rig.side(Side::client).bulk);
  CHECK(splice.pipes() == 0);
}
