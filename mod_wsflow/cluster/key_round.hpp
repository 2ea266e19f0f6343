#pragma once

#include <span>
#include <string>
#include <vector>

#include "mod_wsflow/cluster/round.hpp"

namespace wsflow::cluster {

// The keys of limits with key= and cluster=, beside the limits themselves (round.hpp): the same process of
// the node speaks of them, in requests of their own.

// A request has so many keys at most; what else is to be said is in the next one.
inline constexpr std::size_t kKeysAtOnce = 256;
// Two requests are so far apart, while somebody waits for a key.
inline constexpr Micros kKeyPause = 5'000;
// So often a node that has keys looks whether another one needs some of them.
inline constexpr Micros kRecallLook = 100'000;

// The database keeps so long what it is told of a key. A node tells it again sooner.
constexpr Micros keep(const Settings& settings) noexcept {
  return 64 * settings.lease;
}

// What a node says of a key.
struct KeyAsked {
  limits::LimitHandle handle;
  limits::EntryRef entry;
  std::uint64_t key[2];
  char cluster[limits::kNameSize];
  std::uint32_t size;     // permits of all nodes; 0: the limit has none
  std::uint32_t permits;  // of this node, as it may use them now
  std::uint32_t held;
  std::uint32_t need;
  bool asks;            // somebody needs one more
  std::uint32_t burst;  // units of all nodes; 0: the limit has no rate
  std::uint32_t units;
  double returned;  // tokens that it gives back, and has no longer
  std::uint32_t unit_need;
  double tokens;  // that it has
  double rate;
};
struct KeyRequest {
  std::uint64_t node[2] = {};
  std::uint64_t sequence = 0;
  Micros began = 0;  // boot time, before its numbers were read
  std::vector<KeyAsked> keys;
};

// Whether a need was met.
enum class KeyEnd : std::uint8_t {
  met,
  denied,    // not: the other nodes use the rest
  recalled,  // not yet: other nodes are asked for what they only keep
};
struct KeyTold {
  std::uint32_t permits;
  std::uint32_t units;
  double tokens;
  KeyEnd end;
};
struct KeyAnswer {
  bool settled = false;
  std::uint32_t nodes = 0;
  std::uint64_t term = 0;
  std::vector<KeyTold> keys;
  std::vector<std::string> recalled;  // names of keys that other nodes need
};

// Takes what is to be said of keys, if a request is due and the process in `slot` has the turn: this node
// uses no more than what it is going to say. Any thread that may wait for the lock.
Turn begin_keys(const limits::LimitsAccess& access, std::uint32_t slot, const Settings& settings,
                bool may_ask, Micros boot, KeyRequest& request);
// When to come again, in microseconds from `boot` on, if nothing new comes up.
Micros next_keys(const limits::LimitsAccess& access, const Settings& settings, Micros boot) noexcept;
// Puts an answer into force, at boot time `boot`, grants what it gives, and ends the waits that it ends.
// False: it came too late.
bool finish_keys(const limits::LimitsAccess& access, const Settings& settings, const KeyRequest& request,
                 const KeyAnswer& answer, Micros boot, News& news) noexcept;

}  // namespace wsflow::cluster
