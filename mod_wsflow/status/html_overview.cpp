#include <algorithm>
#include <array>

#include "mod_wsflow/base/rfc3339.hpp"
#include "mod_wsflow/metrics/catalogue.hpp"
#include "mod_wsflow/metrics/rates.hpp"
#include "mod_wsflow/status/chart.hpp"
#include "mod_wsflow/status/html_parts.hpp"
#include "mod_wsflow/status/html_table.hpp"

namespace wsflow::status {

namespace {

using metrics::Interval;

constexpr std::int64_t kNow_us = 15'000'000;  // the span that counts as "now"
constexpr std::int64_t kMinute_us = 60'000'000;

constexpr ChartLine kTunnels[] = {{"tunnels", &Interval::active}};
constexpr ChartLine kHandshakes[] = {{"handshakes", &Interval::opened}};
constexpr ChartLine kRefusals[] = {{"handshakes", &Interval::refused},
                                   {"by limits", &Interval::limit_refused}};
constexpr ChartLine kBytes[] = {{"to origins", &Interval::bytes_to_origin},
                                {"to clients", &Interval::bytes_to_client}};
constexpr ChartLine kLatency[] = {
    {"p50", &Interval::handshake_p50}, {"p95", &Interval::handshake_p95}, {"p99", &Interval::handshake_p99}};

std::string tile(Word title, const std::string& value, const std::string& detail) {
  return "<div><dt>" + title.html() + "</dt><dd class=\"big\">" + escape_html(value) +
         "</dd><dd class=\"sub\">" + escape_html(detail) + "</dd></div>\n";
}

std::string counted(std::uint64_t count, const char* one, const char* many) {
  return grouped(count) + " " + (count == 1 ? one : many);
}

std::string fact(const char* name, const std::string& text) {
  return std::string("<div><dt>") + name + "</dt><dd>" + html(text) + "</dd></div>\n";
}

// Since when: the time of day at which it was. Nobody can tell from it for how long, as the clock may have
// been set.
std::string since(std::int64_t seconds) {
  if (seconds == 0) return "since nobody knows when";
  auto time = base::rfc3339(seconds * 1'000'000).substr(0, 16);
  std::ranges::replace(time, 'T', ' ');
  return "since " + time + " UTC";
}

std::string facts(const Model& model) {
  const auto share = [](const shm::ProcessView& process) {
    return process.descriptors / std::max<double>(process.descriptors_most, 1);
  };
  const auto& processes = model.snapshot.processes;
  const auto fullest = std::ranges::max_element(processes, {}, share);
  const bool counted = fullest != processes.end() && fullest->descriptors != 0;
  const auto& workers = model.workers;
  return "<dl class=\"facts\">\n" + fact("host", model.host) +
         fact("up", (model.up_s > 0 ? time_span(model.up_s) + ", " : std::string()) + since(model.started)) +
         fact("configuration",
              "generation " + std::to_string(model.generation) + ", " + since(model.reloaded)) +
         fact("workers of httpd", grouped(workers.busy) + " busy, " + grouped(workers.idle) + " idle, " +
                                      grouped(workers.most) + " at most") +
         fact("descriptors", counted ? grouped(fullest->descriptors) + " of " +
                                           grouped(fullest->descriptors_most) + " in the fullest process"
                                     : std::string("not counted yet")) +
         fact("software", "mod_wsflow " + model.version + ", " + model.server) + "</dl>\n";
}

std::string where(const Model& model) {
  std::string text = counted(model.snapshot.processes.size() - model.keepers(), "child", "children");
  if (const auto keepers = model.keepers(); keepers != 0)
    text += ", " + counted(keepers, "keeper", "keepers");
  if (const auto on_worker = model.active_worker(); on_worker != 0) {
    text += "; " + grouped(on_worker) + " on worker threads";
  }
  return text;
}

std::string opened(const Model& model) {
  const auto& sums = model.snapshot.sums;
  std::string text = grouped(sums[metrics::kTunnelsOpened]) + " opened in all";
  if (const auto passed = sums[metrics::kConnectionsPassed]; passed != 0)
    text += "; " + counted(passed, "connection", "connections") + " passed on by full children";
  return text;
}

std::string who_refused(const Model& model) {
  const auto& loops = model.loops;
  const auto all = grouped(model.sum(metrics::kRefused)) + " in all";
  if (loops.clients == 0) return all;
  return all + "; of " + grouped(loops.refused) + " in a minute " + grouped(loops.again) + " came from " +
         counted(loops.clients, "address", "addresses");
}

std::string latency(const Interval& minute) {
  if (!(minute.handshake_p95 > 0)) return "none in the last minute";
  return "p50 " + time_span(minute.handshake_p50) + ", p99 " + time_span(minute.handshake_p99) +
         ", last minute";
}

std::string tiles(const Model& model) {
  const auto& sums = model.snapshot.sums;
  const auto now = metrics::last(model.history, kNow_us);
  const auto minute = metrics::last(model.history, kMinute_us);
  const auto to_origins = metrics::Direction::client_to_origin;
  const auto to_clients = metrics::Direction::origin_to_client;
  const auto up = static_cast<double>(sums[metrics::kBytes(to_origins)]);
  const auto down = static_cast<double>(sums[metrics::kBytes(to_clients)]);
  return "<dl class=\"tiles\">\n" + tile("Tunnels", grouped(model.active()), where(model)) +
         tile("Handshakes", in_unit(now.opened, Unit::per_second), opened(model)) +
         tile("Refused", in_unit(now.refused, Unit::per_second), who_refused(model)) +
         tile("Relayed", in_unit(now.bytes_to_origin + now.bytes_to_client, Unit::bytes_per_second),
              byte_size(up) + " to origins, " + byte_size(down) + " to clients") +
         tile("Messages", grouped(model.sum(metrics::kMessages)),
              grouped(sums[metrics::kMessages(to_origins)]) + " to origins, " +
                  grouped(sums[metrics::kMessages(to_clients)]) + " to clients") +
         tile("Handshake p95", minute.handshake_p95 > 0 ? time_span(minute.handshake_p95) : "-",
              latency(minute)) +
         "</dl>\n";
}

std::string charts(const Model& model) {
  const auto intervals = metrics::intervals(model.history);
  const std::array shown = {
      Chart{.id = "tunnels", .title = "Tunnels", .unit = Unit::count, .lines = kTunnels},
      Chart{.id = "handshakes", .title = "Handshakes", .unit = Unit::per_second, .lines = kHandshakes},
      Chart{.id = "refusals", .title = "Refused", .unit = Unit::per_second, .lines = kRefusals},
      Chart{.id = "bytes", .title = "Relayed", .unit = Unit::bytes_per_second, .lines = kBytes},
      Chart{.id = "latency",
            .title = "Time of handshakes",
            .unit = Unit::seconds,
            .lines = kLatency,
            .none_if_zero = true}};
  std::string out = "<div class=\"charts\">\n";
  for (const auto& each : shown) out += chart(each, intervals, model.now_us);
  return out + "</div>\n";
}

}  // namespace

std::string overview(const Model& model) {
  return "<section id=\"now\">\n" + facts(model) + tiles(model) + charts(model) + "</section>\n";
}

}  // namespace wsflow::status
