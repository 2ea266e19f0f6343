#include <array>

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

constexpr Line kTunnels[] = {{"tunnels", &Interval::active}};
constexpr Line kHandshakes[] = {{"handshakes", &Interval::opened}};
constexpr Line kRefusals[] = {{"handshakes", &Interval::refused}, {"by limits", &Interval::limit_refused}};
constexpr Line kBytes[] = {{"to origins", &Interval::bytes_to_origin},
                           {"to clients", &Interval::bytes_to_client}};
constexpr Line kLatency[] = {
    {"p50", &Interval::handshake_p50}, {"p95", &Interval::handshake_p95}, {"p99", &Interval::handshake_p99}};

std::string tile(const char* title, const std::string& value, const std::string& detail) {
  return std::string("<div><dt>") + title + "</dt><dd class=\"big\">" + escape_html(value) +
         "</dd><dd class=\"sub\">" + escape_html(detail) + "</dd></div>\n";
}

std::string counted(std::uint64_t count, const char* one, const char* many) {
  return grouped(count) + " " + (count == 1 ? one : many);
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
         tile("Handshakes", in_unit(now.opened, Unit::per_second),
              grouped(sums[metrics::kTunnelsOpened]) + " opened in all") +
         tile("Refused", in_unit(now.refused, Unit::per_second),
              grouped(model.sum(metrics::kRefused)) + " handshakes in all") +
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
  return "<section id=\"now\">\n<p class=\"about\">mod_wsflow " + html(model.version) + " in " +
         html(model.server) + ", generation " + std::to_string(model.generation) + "</p>\n" + tiles(model) +
         charts(model) + "</section>\n";
}

}  // namespace wsflow::status
