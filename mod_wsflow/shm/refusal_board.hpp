#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "mod_wsflow/base/outcome.hpp"
#include "mod_wsflow/shm/address.hpp"

namespace wsflow::shm {

// Which clients have been refused how often in this minute and the one before: a client library that is
// refused comes again by itself, mostly at once and for ever (docs/clients.md), and operators must see such
// loops. Part of the shared segment; zeroed memory is its valid empty state. Any process, any thread, no
// lock: two who write at once may count a client twice under one address, or lose a refusal.
struct RefusalBoard {
  static constexpr std::size_t kSlots = 1024;

  struct Slot {
    std::atomic<std::uint64_t> client[2];  // words of an Address
    std::atomic<std::uint64_t> word;       // minute << 32 | refusals << 8 | reason of the last one
  };
  struct Minute {
    std::atomic<std::uint32_t> minute;
    std::atomic<std::uint32_t> refused;  // of all clients
    Slot slots[kSlots];
  };
  Minute minutes[2];  // by the lowest bit of their number
};

// More refusals of a client than this in a minute are a loop.
inline constexpr std::uint32_t kRefusedAgain = 10;

// Counts a refusal, of the clients of an IPv6 network of 64 bits together. `now_us`: base::now_us(). Returns
// true if the client is in a loop.
bool count_refused_client(RefusalBoard& board, const Address& client, base::HandshakeRefusal reason,
                          std::int64_t now_us) noexcept;

// What the board knows of one client (of its network, where that is IPv6).
struct ClientRefusals {
  std::uint32_t refused = 0;
  base::HandshakeRefusal reason{};  // of the last one
};
// In this minute and in the one before.
std::array<ClientRefusals, 2> refusals_of(const RefusalBoard& board, const Address& client,
                                          std::int64_t now_us) noexcept;

// The loops of a minute: this one or the one before, whichever has more.
struct RefusalLoops {
  struct Client {
    std::string address;  // as people write it
    std::uint32_t refused;
    base::HandshakeRefusal reason;  // of the last one
  };
  std::uint64_t refused = 0;                                        // of all clients
  std::uint64_t again = 0;                                          // of those in a loop
  std::uint64_t clients = 0;                                        // in a loop
  std::array<std::uint64_t, base::kHandshakeRefusals> by_reason{};  // `again`, by the last reason of each
  std::vector<Client> worst;                                        // those with the most, at most kWorst
  static constexpr std::size_t kWorst = 20;
};
RefusalLoops refusal_loops(const RefusalBoard& board, std::int64_t now_us);

}  // namespace wsflow::shm
