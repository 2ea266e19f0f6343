#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "mod_wsflow/limits/limit_definition.hpp"
#include "mod_wsflow/shm/record.hpp"

namespace wsflow::shm {

struct Layout;
struct Selector;

// What operators have ordered, and the processes of all generations obey until it is done or taken back,
// whatever becomes of the process that took it.
inline constexpr std::size_t kClosedRoutes = 32;
inline constexpr std::size_t kJobs = 16;

// A route that takes no new tunnels; texts as in a Label.
struct ClosedRoute {
  std::array<char, 56> server;
  std::array<char, 56> route;
  friend constexpr bool operator==(const ClosedRoute&, const ClosedRoute&) noexcept = default;
};

// Tunnels to be ended, so many a second: those that match all that is given. Texts as a row and its label
// have them; what is empty is not given.
struct Job {
  std::array<char, 64> user;
  std::array<char, 48> client;
  std::array<char, 56> server;
  std::array<char, 56> route;
  std::array<char, 64> origin;
  std::array<char, limits::kNameSize> limit;
  std::uint64_t id;
  std::uint64_t key[2];  // what is held of `limit`
  std::uint32_t pace;    // tunnels a second
  std::uint16_t code;    // Close code
  std::uint16_t drains;  // 1: its route is closed, so whatever is late is meant too
};

struct Jobs {
  struct Slot {
    Record<Job> job;
    std::atomic<std::int64_t> ended_ms;  // monotonic: up to when they were ended; 0: not begun
  };

  // Grow when a record is taken that never was: nobody looks beyond.
  std::atomic<std::uint32_t> routes_seen;
  std::atomic<std::uint32_t> slots_seen;
  Record<ClosedRoute> routes[kClosedRoutes];
  Slot slots[kJobs];
};

// All of this by any process and thread, without waiting.

// Whether a route takes no new tunnels. One load where none was ever closed.
bool is_closed(const Layout& layout, std::string_view server, std::string_view route) noexcept;
// False: as many are closed as can be.
bool close_route(Layout& layout, std::string_view server, std::string_view route,
                 std::int64_t now_us) noexcept;
// Takes back jobs to drain it, too. Whether it was closed.
bool open_route(Layout& layout, std::string_view server, std::string_view route) noexcept;

// False: there are as many jobs as can be. A job to drain a route replaces the one before.
bool add_job(Layout& layout, const Job& job, std::int64_t now_us) noexcept;

struct JobView {
  std::size_t slot;
  Reading<Job> reading;
};
std::vector<JobView> jobs(const Layout& layout);
// What a job selects, but for `limit` and `key`: of tunnels that were not told anything yet.
Selector selector_of(const Reading<Job>& reading);
// Whether it stood there still.
bool end_job(Layout& layout, const JobView& job) noexcept;

}  // namespace wsflow::shm
