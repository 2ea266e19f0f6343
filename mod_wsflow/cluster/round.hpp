#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mod_wsflow/limits/limiter.hpp"

namespace wsflow::cluster {

using limits::Micros;

// WSFlowCluster.
struct Settings {
  Micros lease = 10 * limits::kSecond;
  Micros timeout = limits::kSecond;  // of a connection, and of a request
};
// A share is used for so much less than its lease, and an answer that takes longer is not believed: whoever
// was stopped meanwhile may have lost what it speaks of.
constexpr Micros margin(const Settings& settings) noexcept {
  return settings.lease / 4;
}
// A node speaks with the database so often while it needs nothing.
constexpr Micros interval(const Settings& settings) noexcept {
  return std::min(settings.lease / 10, limits::kSecond);
}
// Two requests of a node, however much it needs, are so far apart.
inline constexpr Micros kPause = 50'000;

// What a node says of a limit.
struct Asked {
  limits::LimitHandle handle;
  char cluster[limits::kNameSize];
  std::uint32_t concurrency;  // 0: the limit has none
  std::uint32_t permits;      // its share, as it may use it now
  std::uint32_t held;
  std::uint32_t permits_want;
  std::uint32_t permits_need;
  std::uint32_t burst;  // 0: the limit has no rate
  std::uint32_t units;
  std::uint32_t units_want;
  std::uint32_t units_need;
  double rate;
};
struct Request {
  std::uint64_t node[2] = {};
  std::uint64_t sequence = 0;
  Micros began = 0;  // boot time, before its numbers were read
  std::vector<Asked> limits;
};

// What the database says of it.
struct Told {
  bool settled;
  std::uint32_t nodes;
  std::uint32_t concurrency;  // the smallest of all nodes
  std::uint32_t permits;
  std::uint32_t others;
  std::uint32_t permits_lacking;
  std::uint32_t burst;
  std::uint32_t units;
  std::uint32_t unit_others;
  std::uint32_t units_lacking;
  double rate;
};

// One process of a node speaks with the database, the others stand by.
enum class Turn : std::uint8_t {
  stand_by,  // another process does it, or the lock was not to be had
  wait,      // nothing is to be asked now
  ask,       // `request` is to be sent
};

// Takes the turn of the process in `slot`, or keeps it, and counts the demand. With `may_ask` a request may
// be due: then this node uses no more than what it is going to say. Any thread that may wait for the lock.
Turn begin(const limits::LimitsAccess& access, std::uint32_t slot, const Settings& settings, bool may_ask,
           Micros boot, Request& request);

// What a log line should say of an answer, or of a failure.
struct News {
  bool back = false;                // it answers again
  bool away = false;                // it does not answer any more
  bool ended = false;               // so the leases have ended, too
  std::vector<std::size_t> differ;  // of the request: a node has other values
};

// Puts an answer into force, at boot time `boot`, and grants waiters what it gives. False: it came too late.
bool finish(const limits::LimitsAccess& access, const Settings& settings, const Request& request,
            std::span<const Told> told, Micros boot, News& news);
// Notes that there was no answer: to what is said of limits, or of keys (key_round.hpp).
enum class Subject : std::uint8_t { limits, keys };
void fail(const limits::LimitsAccess& access, std::string_view error, Micros boot, Subject subject,
          News& news) noexcept;
// The process in `slot` does not speak with the database any more.
void leave(const limits::LimitsAccess& access, std::uint32_t slot) noexcept;

}  // namespace wsflow::cluster
