#include "mod_wsflow/shm/jobs.hpp"

#include <algorithm>

#include "mod_wsflow/shm/owner.hpp"
#include "mod_wsflow/shm/tunnel_view.hpp"

namespace wsflow::shm {

namespace {

static_assert(sizeof(ClosedRoute::server) == Label::kTextEnds[0] &&
              sizeof(ClosedRoute::route) == Label::kTextEnds[1] - Label::kTextEnds[0] &&
              sizeof(Job::server) == sizeof(ClosedRoute::server) &&
              sizeof(Job::route) == sizeof(ClosedRoute::route) &&
              sizeof(Job::origin) == Label::kTextEnds[2] - Label::kTextEnds[1] &&
              sizeof(Job::user) == RowUser::kSize);

bool gone(std::uint64_t owner) noexcept {
  return Owner{owner}.gone();
}

ClosedRoute named(std::string_view server, std::string_view route) noexcept {
  return {.server = packed<sizeof(ClosedRoute::server)>(server),
          .route = packed<sizeof(ClosedRoute::route)>(route)};
}

// Takes back the jobs to drain a route.
void forget_drains(Layout& layout, const ClosedRoute& route) noexcept {
  const auto count = layout.jobs.slots_seen.load();
  for (std::uint32_t i = 0; i < count; ++i) {
    auto& record = layout.jobs.slots[i].job;
    const auto reading = read(record);
    if (!reading) continue;
    const auto& job = reading->facts;
    if (job.drains != 0 && ClosedRoute{job.server, job.route} == route) remove(record, *reading);
  }
}

}  // namespace

bool is_closed(const Layout& layout, std::string_view server, std::string_view route) noexcept {
  const auto count = layout.jobs.routes_seen.load(std::memory_order_relaxed);
  if (count == 0) return false;
  const auto wanted = named(server, route);
  const auto* first = layout.jobs.routes;
  return std::any_of(first, first + count, [&](const auto& record) {
    const auto reading = read(record);
    return reading && reading->facts == wanted;
  });
}

bool close_route(Layout& layout, std::string_view server, std::string_view route,
                 std::int64_t now_us) noexcept {
  if (is_closed(layout, server, route)) return true;
  const auto self = Owner::self().word;
  for (std::uint32_t i = 0; i < kClosedRoutes; ++i) {
    if (!take(layout.jobs.routes[i], self, gone)) continue;
    raise(layout.jobs.routes_seen, i + 1);
    set(layout.jobs.routes[i], named(server, route), now_us);
    return true;
  }
  return false;
}

bool open_route(Layout& layout, std::string_view server, std::string_view route) noexcept {
  const auto wanted = named(server, route);
  bool was_closed = false;
  for (auto& record : layout.jobs.routes) {
    const auto reading = read(record);
    if (reading && reading->facts == wanted) was_closed = remove(record, *reading) || was_closed;
  }
  forget_drains(layout, wanted);
  return was_closed;
}

bool add_job(Layout& layout, const Job& job, std::int64_t now_us) noexcept {
  if (job.drains != 0) forget_drains(layout, {job.server, job.route});
  const auto self = Owner::self().word;
  for (std::uint32_t i = 0; i < kJobs; ++i) {
    auto& slot = layout.jobs.slots[i];
    if (!take(slot.job, self, gone)) continue;
    raise(layout.jobs.slots_seen, i + 1);
    slot.ended_ms.store(0);
    set(slot.job, job, now_us);
    return true;
  }
  return false;
}

std::vector<JobView> jobs(const Layout& layout) {
  std::vector<JobView> result;
  const auto count = layout.jobs.slots_seen.load();
  for (std::uint32_t i = 0; i < count; ++i) {
    if (const auto reading = read(layout.jobs.slots[i].job)) result.push_back({i, *reading});
  }
  return result;
}

Selector selector_of(const Reading<Job>& reading) {
  const auto& job = reading.facts;
  Selector result;
  if (job.id != 0) result.id = job.id;
  result.user = unpacked(job.user);
  result.client = unpacked(job.client);
  result.server = unpacked(job.server);
  result.route = unpacked(job.route);
  result.origin = unpacked(job.origin);
  result.untold = true;
  if (job.drains == 0) result.began_until_us = reading.since_us();
  return result;
}

bool end_job(Layout& layout, const JobView& job) noexcept {
  return remove(layout.jobs.slots[job.slot].job, job.reading);
}

}  // namespace wsflow::shm
