#include "mod_wsflow/status/trouble.hpp"

#include <algorithm>
#include <map>

#include "mod_wsflow/metrics/rates.hpp"
#include "mod_wsflow/status/html_text.hpp"
#include "mod_wsflow/status/limit_text.hpp"

namespace wsflow::status {

namespace {

constexpr std::int64_t kMinute_us = 60'000'000;
constexpr std::int64_t kQuarter_us = 900'000'000;
// Fewer in a minute are no trouble, whatever there was before.
constexpr double kFew = 10;
// So many times as much as before is a rise.
constexpr double kRise = 2;
// Keepers of more generations than these are many.
constexpr std::uint64_t kManyKeepers = 8;
constexpr std::int64_t kLate_us = 30'000'000;
// Of routes, limits, origins and processes each so many are named; the rest is a number.
constexpr std::size_t kMostNamed = 5;

std::string counted(std::uint64_t count, const char* one, const char* many) {
  return grouped(count) + " " + (count == 1 ? one : many);
}

// How many of something there were in an interval. Shortly after the start the last minute is shorter.
double happened(const metrics::Interval& interval, double rate) noexcept {
  return rate * static_cast<double>(interval.to_us - interval.from_us) / 1e6;
}

class List {
 public:
  void add(bool bad, const char* part, std::string what, std::string more) {
    troubles_.push_back({.bad = bad, .what = std::move(what), .more = std::move(more), .part = part});
  }
  // Those that were added since `from`, cut to as many as are named.
  void cut(std::size_t from, const char* part, const char* many) {
    if (troubles_.size() <= from + kMostNamed) return;
    const auto more = troubles_.size() - from - kMostNamed;
    const bool bad = std::any_of(troubles_.begin() + static_cast<std::ptrdiff_t>(from + kMostNamed),
                                 troubles_.end(), [](const Trouble& each) { return each.bad; });
    troubles_.resize(from + kMostNamed);
    add(bad, part, grouped(more) + " more " + many, "");
  }
  std::size_t size() const noexcept { return troubles_.size(); }
  std::vector<Trouble> take() && {
    std::stable_sort(troubles_.begin(), troubles_.end(),
                     [](const Trouble& left, const Trouble& right) { return left.bad && !right.bad; });
    return std::move(troubles_);
  }

 private:
  std::vector<Trouble> troubles_;
};

void limits(const Model& model, List& list) {
  const auto from = list.size();
  for (const auto& limit : model.limits) {
    const auto used = used_of(limit);
    const auto fill = fill_of(used.now, used.most);
    if (!limit.configured || fill == Fill::room) continue;
    // Who waits, or was refused in the last minute, feels it.
    const bool refuses = limit.refusal_rate * 60 >= 1;
    const bool felt = limit.waiting != 0 || refuses;
    auto more = std::string(limit.defined.keyed ? "its fullest key has " : "") + grouped(used.now) + " of " +
                grouped(used.most) + " permits";
    if (limit.waiting != 0) more += ", " + counted(limit.waiting, "request waits", "requests wait");
    if (refuses) more += ", " + amount(limit.refusal_rate) + "/s were refused in the last minute";
    if (limit.defined.dry_run) more += "; dry-run: it lets pass";
    list.add(fill == Fill::full && felt && !limit.defined.dry_run, "limits",
             "Limit " + limit.name + (fill == Fill::full ? " is full" : " is nearly full"), std::move(more));
  }
  list.cut(from, "limits", "limits are full or nearly");
}

void processes(const Model& model, List& list) {
  const auto from = list.size();
  for (const auto& process : model.snapshot.processes) {
    const auto fill = fill_of(process);
    if (fill == Fill::room) continue;
    const auto tunnels = process.active + process.active_worker;
    const bool by_tunnels =
        process.kind == shm::ProcessKind::child && fill_of(tunnels, process.max_tunnels) != Fill::room;
    const auto subject = std::string(name(process.kind)) + " " + std::to_string(process.pid);
    if (by_tunnels) {
      const bool full = fill_of(tunnels, process.max_tunnels) == Fill::full;
      list.add(full, "processes", (full ? "No room in " : "Little room in ") + subject,
               grouped(tunnels) + " of " + grouped(process.max_tunnels) +
                   " tunnels (WSFlowMaxTunnels, descriptors)");
    } else {
      list.add(true, "processes", "Few descriptors left in " + subject,
               grouped(process.descriptors) + " of " + grouped(process.descriptors_most) + " are open");
    }
  }
  list.cut(from, "processes", "processes are nearly full");
  if (model.keepers() >= kManyKeepers)
    list.add(
        false, "processes", "Many keepers",
        grouped(model.keepers()) + " processes keep tunnels of older configurations; WSFlowDrain ends them");
}

void origins(const Model& model, List& list) {
  const auto from = list.size();
  for (const auto& origin : model.origins) {
    if (is_used(origin.state)) continue;
    const bool failed = origin.state == OriginState::error || origin.state == OriginState::failed_check;
    const auto of = origin.balancer.empty() ? std::string() : " of " + origin.balancer;
    list.add(failed, "routes", "Origin " + origin.worker + (failed ? " fails" : " is out of service"),
             std::string("state: ") + name(origin.state) + of);
  }
  list.cut(from, "routes", "origins are not in use");
  const auto minute = metrics::last(model.history, kMinute_us);
  const auto failed = happened(minute, minute.origin_failed);
  if (failed >= 1)
    list.add(failed >= kFew, "ended", "Handshakes fail at an origin",
             amount(failed) + " in the last minute got no answer that counts");
}

void routes(const Model& model, List& list) {
  const auto from = list.size();
  std::map<std::pair<std::string, std::string>, std::uint64_t> drained;
  for (const auto& route : model.routes) {
    if (route.drained) drained[{route.server, route.route}] += route.active;
  }
  for (const auto& [route, active] : drained)
    list.add(false, "routes", "Route " + route.second + " is drained",
             "it takes no new tunnels; " + counted(active, "tunnel is", "tunnels are") + " left");
  list.cut(from, "routes", "routes are drained");
}

// The samples from `span_us` before the newest up to a minute before it: what was usual.
metrics::Interval before_the_minute(const Model& model) {
  if (model.history.empty()) return {};
  const auto newest = model.history.back().at_us;
  const auto end = std::find_if(model.history.begin(), model.history.end(), [&](const shm::Sample& sample) {
    return sample.at_us > newest - kMinute_us;
  });
  return metrics::last(std::span(model.history.begin(), end), kQuarter_us);
}

void refusals(const Model& model, List& list) {
  const auto minute = metrics::last(model.history, kMinute_us);
  const auto before = before_the_minute(model);
  const auto now = happened(minute, minute.refused);
  if (now >= kFew && minute.refused > kRise * before.refused)
    list.add(true, "ended", "Refusals rise",
             amount(now) + " in the last minute, " + amount(before.refused * 60) + " in a minute before");
  if (model.loops.clients != 0)
    list.add(false, "ended", "Clients come again and again",
             counted(model.loops.clients, "address was", "addresses were") + " refused " +
                 grouped(model.loops.again) + " times in a minute");
  if (minute.lost > 0 || before.lost > 0)
    list.add(true, "ended", "A process has died",
             "tunnels ended as process-lost in the last quarter of an hour; the error log says which");
}

void traffic(const Model& model, List& list) {
  if (const auto on_worker = model.active_worker(); on_worker != 0)
    list.add(false, "processes", counted(on_worker, "tunnel holds", "tunnels hold") + " a worker thread",
             "line WSF0075 of the log says why");
  std::uint64_t waiting = 0;
  for (const auto& process : model.snapshot.processes) waiting = std::max(waiting, process.buffered);
  const auto most = model.max_buffered;
  if (most != 0 && waiting > most / 2)
    list.add(waiting >= most, "processes", "Bytes wait for slow readers",
             byte_size(static_cast<double>(waiting)) + " in one process, of " +
                 byte_size(static_cast<double>(most)) + " (WSFlowMaxBuffered)");
  const auto& workers = model.workers;
  if (fill_of(workers.busy, workers.most) != Fill::room)
    list.add(workers.busy >= workers.most, "now", "Few idle workers in httpd",
             grouped(workers.busy) + " of " + grouped(workers.most) + " are busy (MaxRequestWorkers)");
}

void stores(const Model& model, List& list) {
  const auto& presence = model.presence;
  if (presence.failing != 0)
    list.add(true, "presence", "The presence store fails",
             counted(presence.failing, "process", "processes") + " cannot use it");
  else if (presence.lag_us > kLate_us)
    list.add(false, "presence", "The presence store is late",
             "the first change waits for " + time_span(static_cast<double>(presence.lag_us) / 1e6));
  if (!model.cluster.error.empty())
    list.add(true, "limits", "The database of the cluster does not answer", model.cluster.error);
}

}  // namespace

Used used_of(const limits::LimitView& limit) noexcept {
  if (limit.now.concurrency == 0) return {.now = limit.in_use};
  if (limit.defined.keyed)
    return {.now = limit.top_keys.empty() ? 0 : limit.top_keys.front().in_use, .most = limit.now.concurrency};
  return {.now = limit.in_use,
          .most = limits::is_shared(limit.defined) ? limit.usable.permits : limit.now.concurrency};
}

Fill fill_of(const shm::ProcessView& process) noexcept {
  // A keeper takes no new tunnels.
  const auto tunnels = process.kind == shm::ProcessKind::child
                           ? fill_of(process.active + process.active_worker, process.max_tunnels)
                           : Fill::room;
  return std::max(tunnels, fill_of(process.descriptors, process.descriptors_most));
}

std::vector<Trouble> troubles(const Model& model) {
  List list;
  limits(model, list);
  processes(model, list);
  origins(model, list);
  routes(model, list);
  refusals(model, list);
  traffic(model, list);
  stores(model, list);
  return std::move(list).take();
}

}  // namespace wsflow::status
