#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mod_wsflow/capacity/facts.hpp"
#include "mod_wsflow/limits/view.hpp"
#include "mod_wsflow/shm/sample_ring.hpp"
#include "mod_wsflow/shm/segment.hpp"
#include "mod_wsflow/shm/tunnel_view.hpp"
#include "mod_wsflow/status/presence_model.hpp"

namespace wsflow::status {

constexpr const char* name(shm::ProcessKind kind) noexcept {
  return kind == shm::ProcessKind::keeper ? "keeper" : "child";
}

// The most important state of a tunnel with these traits.
constexpr const char* state_of(std::uint16_t traits) noexcept {
  if ((traits & shm::trait::kEnding) != 0) return "ending";
  if ((traits & shm::trait::kSlowClient) != 0) return "slow-client";
  return (traits & shm::trait::kSlowOrigin) != 0 ? "slow-origin" : "open";
}

// A member of a balancer.
struct MemberView {
  std::string balancer;
  std::string worker;
  std::uint64_t tunnels = 0;    // that an event loop has
  std::uint64_t requests = 0;   // that lbmethod=wsflow has given to it, and that are no such tunnels
  std::uint64_t elsewhere = 0;  // tunnels of other nodes
  std::int64_t since = 0;       // in use since then: base::note_use()
};

// What mod_proxy makes of an origin.
enum class OriginState : std::uint8_t { up, standby, drained, disabled, stopped, failed_check, error };
constexpr const char* name(OriginState state) noexcept {
  switch (state) {
    case OriginState::up: return "up";
    case OriginState::standby: return "standby";
    case OriginState::drained: return "drained";
    case OriginState::disabled: return "disabled";
    case OriginState::stopped: return "stopped";
    case OriginState::failed_check: return "check failed";
    case OriginState::error: return "error";
  }
  return "";
}
// True if mod_proxy gives it new tunnels, or would if others failed.
constexpr bool is_used(OriginState state) noexcept {
  return state <= OriginState::standby;
}

// A worker of mod_proxy.
struct OriginView {
  std::string balancer;  // empty: it is of none
  std::string worker;    // as routes name their origin
  OriginState state = OriginState::up;
  std::uint64_t busy = 0;  // requests, as mod_proxy counts them; a balancer's with their tunnels
};

// Worker threads of httpd.
struct WorkersView {
  std::uint64_t busy = 0;
  std::uint64_t idle = 0;
  std::uint64_t most = 0;  // MaxRequestWorkers
};

// One client: all that is known of the address, the user or the key that was asked for.
struct ClientView {
  struct Limit {
    std::string limit;
    limits::KeyView key;         // of the client in it
    std::uint32_t permits = 0;   // for each key
    std::uint64_t barred_s = 0;  // seconds until its penalty ends
  };
  bool wanted = false;
  std::uint64_t tunnels = 0;
  std::array<std::uint64_t, 2> bytes{};     // from client and origin, of the open tunnels
  std::array<std::uint64_t, 2> messages{};  // likewise
  std::uint64_t summed = 0;                 // of so many tunnels are these sums
  std::vector<Limit> limits;                // in which it has a key
  std::vector<limits::HeldPermits> held;    // limits without keys of which these tunnels hold permits
  std::optional<std::array<shm::ClientRefusals, 2>>
      refused;  // in this minute and the one before; nothing: no address
};

// The data that every format of the status shows.
struct Model {
  std::string version;        // of the module
  std::string server;         // httpd's own description
  std::string host;           // name of httpd's main server
  std::int64_t started = 0;   // seconds of the epoch: when httpd was started, and counting began
  double up_s = 0;            // how long httpd runs, by a clock that nobody sets; 0: not known
  std::int64_t reloaded = 0;  // seconds of the epoch: when its configuration was read last
  std::uint32_t generation = 0;
  std::int64_t now_us = 0;    // microseconds of the epoch
  std::int64_t clock_us = 0;  // the same moment by base::now_us(), for ages
  shm::Snapshot snapshot;
  shm::Query query;                                // selects `connections`
  bool history_wanted = false;                     // JSON shows `history`
  shm::Page connections;                           // the selected tunnels
  std::vector<std::vector<limits::HeldKey>> keys;  // keys of limits, for each of `connections`
  std::vector<shm::RouteView> routes;
  std::vector<shm::Sample> history;  // oldest first
  std::vector<limits::LimitView> limits;
  limits::ClusterView cluster;
  std::vector<MemberView> members;
  std::vector<OriginView> origins;
  WorkersView workers;
  std::uint64_t max_buffered = 0;  // bytes that may wait in a process; 0: no bound
  ClientView client;
  PresenceModel presence;
  shm::RefusalLoops loops;                    // clients that are refused again and again
  std::optional<capacity::Facts> capacity{};  // for JSON and the page; nothing: it is not known
  std::string nonce;  // every action must send it; not for everybody who may see the counters

  std::uint64_t keepers() const noexcept {
    return static_cast<std::uint64_t>(
        std::count_if(snapshot.processes.begin(), snapshot.processes.end(),
                      [](const auto& process) { return process.kind == shm::ProcessKind::keeper; }));
  }
  std::uint64_t active() const noexcept {
    std::uint64_t sum = 0;
    for (const auto& process : snapshot.processes) sum += process.active + process.active_worker;
    return sum;
  }
  std::uint64_t active_worker() const noexcept {
    std::uint64_t sum = 0;
    for (const auto& process : snapshot.processes) sum += process.active_worker;
    return sum;
  }
  // The sum of `count` counters from `first` on.
  std::uint64_t sum(std::size_t first, std::size_t count) const noexcept {
    std::uint64_t result = 0;
    for (std::size_t i = 0; i < count; ++i) result += snapshot.sums[first + i];
    return result;
  }
  // Sum of the counters of a metrics::CounterIndex.
  template <class Index>
  std::uint64_t sum(const Index& index) const noexcept {
    return sum(index.first, Index::kCount);
  }
};

}  // namespace wsflow::status
