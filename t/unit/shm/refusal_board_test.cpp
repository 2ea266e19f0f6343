#include "mod_wsflow/shm/refusal_board.hpp"

#include <catch2/catch.hpp>
#include <memory>

using namespace wsflow;
using base::HandshakeRefusal;
using shm::Address;
using shm::RefusalBoard;

namespace {

constexpr std::int64_t kMinute = 60'000'000;
constexpr std::int64_t kNow = 1000 * kMinute;

Address v4(std::uint32_t number) {
  return Address::v4({static_cast<std::uint8_t>(number >> 24U), static_cast<std::uint8_t>(number >> 16U),
                      static_cast<std::uint8_t>(number >> 8U), static_cast<std::uint8_t>(number)});
}

struct Rig {
  std::unique_ptr<RefusalBoard> board = std::make_unique<RefusalBoard>();
  bool refuse(const Address& client, std::int64_t now = kNow,
              HandshakeRefusal reason = HandshakeRefusal::limit) {
    return shm::count_refused_client(*board, client, reason, now);
  }
  shm::RefusalLoops loops(std::int64_t now = kNow) { return shm::refusal_loops(*board, now); }
};

}  // namespace

TEST_CASE("a client that is refused more than ten times in a minute is in a loop", "[refusal_board]") {
  Rig rig;
  for (int i = 0; i < 10; ++i) CHECK_FALSE(rig.refuse(v4(0xC0000207)));
  CHECK(rig.loops().clients == 0);
  CHECK(rig.loops().refused == 10);
  CHECK(rig.refuse(v4(0xC0000207), kNow, HandshakeRefusal::max_tunnels));
  for (std::uint32_t other = 0; other < 50; ++other) rig.refuse(v4(other));
  const auto loops = rig.loops();
  CHECK(loops.refused == 61);
  CHECK(loops.again == 11);
  CHECK(loops.clients == 1);
  REQUIRE(loops.worst.size() == 1);
  CHECK(loops.worst[0].address == "192.0.2.7");
  CHECK(loops.worst[0].refused == 11);
  CHECK(loops.worst[0].reason == HandshakeRefusal::max_tunnels);
  CHECK(loops.by_reason[static_cast<std::size_t>(HandshakeRefusal::max_tunnels)] == 11);
}

TEST_CASE("the next minute begins anew, and the last one stays to be seen", "[refusal_board]") {
  Rig rig;
  for (int i = 0; i < 20; ++i) rig.refuse(v4(1));
  CHECK(rig.loops(kNow + kMinute).again == 20);
  CHECK_FALSE(rig.refuse(v4(1), kNow + kMinute));
  CHECK(rig.loops(kNow + kMinute).again == 20);
  for (int i = 0; i < 30; ++i) rig.refuse(v4(1), kNow + kMinute);
  CHECK(rig.loops(kNow + kMinute).again == 31);
  CHECK(rig.loops(kNow + 3 * kMinute).again == 0);
}

TEST_CASE("an IPv6 network of 64 bits is one client", "[refusal_board]") {
  Rig rig;
  for (int i = 0; i < 11; ++i) {
    auto address = Address::of("2001:db8::1");
    address.bytes[15] = static_cast<std::uint8_t>(i);
    CHECK(rig.refuse(address) == (i == 10));
  }
  CHECK_FALSE(rig.refuse(Address::of("2001:db8:0:1::1")));
  CHECK(rig.loops().worst[0].address == "2001:db8::");
}

TEST_CASE("a flood of addresses does not drive out those that are refused most", "[refusal_board]") {
  Rig rig;
  for (int i = 0; i < 100; ++i) rig.refuse(v4(0xC0000207));
  for (std::uint32_t other = 0; other < 100'000; ++other) rig.refuse(v4(other));
  CHECK(rig.refuse(v4(0xC0000207)));
  CHECK(rig.loops().worst[0].refused == 101);
}

TEST_CASE("the worst stand first, and no more than fit", "[refusal_board]") {
  Rig rig;
  for (std::uint32_t client = 0; client < 40; ++client) {
    for (std::uint32_t i = 0; i < 11 + client; ++i) rig.refuse(v4(client * 0x01010101));
  }
  const auto loops = rig.loops();
  CHECK(loops.clients == 40);
  REQUIRE(loops.worst.size() == shm::RefusalLoops::kWorst);
  CHECK(loops.worst.front().refused == 50);
  CHECK(loops.worst.back().refused == 31);
}

TEST_CASE("what stands there by chance is not believed", "[refusal_board]") {
  Rig rig;
  rig.refuse(v4(1));
  for (auto& slot : rig.board->minutes[1].slots) slot.word.store(UINT64_MAX);
  for (auto& slot : rig.board->minutes[0].slots) slot.word.store(UINT64_MAX);
  CHECK(rig.loops().clients == 0);
  CHECK_FALSE(rig.refuse(v4(1)));
}

TEST_CASE("the board tells of one client what it knows of this minute and the one before",
          "[refusal_board]") {
  Rig rig;
  const auto told = [&](const Address& client, std::int64_t now) {
    return shm::refusals_of(*rig.board, client, now);
  };
  CHECK(told(v4(7), kNow)[0].refused == 0);
  for (int i = 0; i < 3; ++i) rig.refuse(v4(7));
  rig.refuse(v4(7), kNow, HandshakeRefusal::bad_key);
  rig.refuse(v4(8));
  CHECK(told(v4(7), kNow)[0].refused == 4);
  CHECK(told(v4(7), kNow)[0].reason == HandshakeRefusal::bad_key);
  CHECK(told(v4(7), kNow)[1].refused == 0);
  rig.refuse(v4(7), kNow + kMinute);
  CHECK(told(v4(7), kNow + kMinute)[0].refused == 1);
  CHECK(told(v4(7), kNow + kMinute)[1].refused == 4);
  CHECK(told(v4(7), kNow + 2 * kMinute)[1].refused == 1);
  CHECK(told(v4(7), kNow + 3 * kMinute)[1].refused == 0);
  // Of IPv6 it knows networks.
  rig.refuse(Address::of("2001:db8::1"));
  CHECK(told(Address::of("2001:db8::2"), kNow)[0].refused == 1);
}
