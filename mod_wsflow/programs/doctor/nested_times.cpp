#include "mod_wsflow/programs/doctor/nested_times.hpp"

#include <algorithm>

namespace wsflow::doctor {

namespace {

// The longest wait of a route for a permit.
std::uint64_t longest_acquire(const Dump& dump, const DumpRoute& route) {
  std::uint64_t longest = 0;
  for (const auto& [name, acquire] : dump.acquires) {
    if (std::ranges::find(route.limits, name) != route.limits.end()) longest = std::max(longest, acquire);
  }
  return longest;
}

Trouble of_route(const DumpRoute& route, std::string because, std::string line, std::string note) {
  return {.id = "time-outs",
          .severity = Severity::warning,
          .title = "time-outs of " + std::string(route.route),
          .tunnels = std::nullopt,
          .because = std::move(because),
          .advice = {{.where = std::string(route.place),
                      .line = std::move(line),
                      .note = std::move(note),
                      .then = "reload"}}};
}

// A fifth more than what is inside.
std::uint64_t above(std::uint64_t ms) noexcept {
  return (ms + ms / 5 + 999) / 1000 * 1000;
}

void judge_client(std::uint64_t client, const Dump& dump, const DumpRoute& route,
                  std::vector<Trouble>& found) {
  const auto acquire = longest_acquire(dump, route);
  const auto proxy = acquire + route.times.connect + route.times.handshake;
  if (client > proxy) return;
  auto parts = "connect=" + written_time(route.times.connect) +
               " and handshake=" + written_time(route.times.handshake);
  if (acquire != 0) parts = "acquire=" + written_time(acquire) + ", " + parts;
  const auto others = acquire + route.times.connect;
  auto because = "clients give up after " + written_time(client) + ", the proxy after " +
                 written_time(proxy) + " (" + parts + "): handshakes go on that nobody waits for";
  if (client <= others + 1000) {
    found.push_back(
        of_route(route, std::move(because),
                 "connect=1s handshake=" + written_time(std::max<std::uint64_t>(client / 2, 10)),
                 "As keys of the route, or in WSFlowTimeout; and a shorter acquire= of its limits."));
    return;
  }
  // Between what is inside and what is outside.
  const auto most = client - others;
  found.push_back(of_route(route, std::move(because),
                           "handshake=" + written_time(most - std::max<std::uint64_t>(most / 10, 1)),
                           "As a key of the route, or in WSFlowTimeout."));
}

void judge_origin(std::uint64_t origin, const DumpRoute& route, std::vector<Trouble>& found) {
  if (route.times.handshake > origin) return;
  found.push_back(of_route(route,
                           "the proxy waits " + written_time(route.times.handshake) +
                               " for a handshake, and the application may take " + written_time(origin) +
                               ": it answers when the proxy has left",
                           "handshake=" + written_time(above(origin)),
                           "As a key of the route, or in WSFlowTimeout."));
}

Trouble of_application(std::string because, std::string note) {
  return {.id = "time-outs",
          .severity = Severity::warning,
          .title = "time-outs of the application",
          .tunnels = std::nullopt,
          .because = std::move(because),
          .advice = {{.where = "the configuration of the application",
                      .line = {},
                      .note = std::move(note),
                      .then = {}}}};
}

}  // namespace

std::string written_time(std::uint64_t ms) {
  if (ms % 1000 != 0) return std::to_string(ms) + "ms";
  const auto seconds = ms / 1000;
  if (seconds != 0 && seconds % 3600 == 0) return std::to_string(seconds / 3600) + "h";
  if (seconds != 0 && seconds % 60 == 0) return std::to_string(seconds / 60) + "mi";
  return std::to_string(seconds) + "s";
}

std::vector<Trouble> nested_times(const DoctorOptions& options, const Dump& dump) {
  std::vector<Trouble> found;
  for (const auto& route : dump.routes) {
    if (options.origin_ms) judge_origin(*options.origin_ms, route, found);
    if (options.client_ms) judge_client(*options.client_ms, dump, route, found);
  }
  if (options.origin_ms && options.database_ms && *options.origin_ms <= *options.database_ms) {
    found.push_back(of_application("the application gives up after " + written_time(*options.origin_ms) +
                                       ", its database after " + written_time(*options.database_ms) +
                                       ": queries go on that nobody waits for",
                                   "Give its queries less than " + written_time(*options.origin_ms) + "."));
  }
  return found;
}

}  // namespace wsflow::doctor
