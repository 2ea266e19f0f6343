#include "mod_wsflow/status/auto_lines.hpp"

#include <span>
#include <string_view>

#include "mod_wsflow/metrics/quantile.hpp"
#include "mod_wsflow/metrics/rates.hpp"
#include "mod_wsflow/status/limit_text.hpp"

namespace wsflow::status {

namespace {

void line(std::string& out, std::string_view key, std::string_view value) {
  out.append("WSFlow").append(key).append(": ").append(value).append("\n");
}

void line(std::string& out, std::string_view key, std::uint64_t value) {
  out.append("WSFlow").append(key).append(": ").append(std::to_string(value)).append("\n");
}

// "client-eof", "client_to_origin" -> "ClientEof", "ClientToOrigin"
std::string camel(std::string_view prefix, std::string_view label) {
  std::string result(prefix);
  bool start = true;
  for (const char c : label) {
    if (c == '-' || c == '_') {
      start = true;
      continue;
    }
    result.push_back(start && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c);
    start = false;
  }
  return result;
}

void limit_lines(std::string& out, const Model& model) {
  line(out, "Limits", model.limits.size());
  for (std::size_t i = 0; i < model.limits.size(); ++i) {
    const auto& view = model.limits[i];
    const auto limit = "Limit[" + std::to_string(i) + "]";
    line(out, limit + "Name", view.name);
    line(out, limit + "Applies", limits::name(view.defined.applies));
    line(out, limit + "Concurrency", view.now.concurrency);
    line(out, limit + "Queue", view.now.queue);
    line(out, limit + "Rate", decimal(view.now.rate, 6));
    line(out, limit + "InUse", view.in_use);
    line(out, limit + "Waiting", view.waiting);
    line(out, limit + "Peak", view.peak);
    line(out, limit + "Arrivals", view.arrivals);
    line(out, limit + "Admitted", view.admitted);
    line(out, limit + "Refused", refused(view));
    for (std::size_t reason = 0; reason < limits::kReasons; ++reason) {
      line(out, limit + camel("Refused", limits::name(static_cast<limits::LimitReason>(reason))),
           view.refused[reason]);
    }
    line(out, limit + "DryRefused", view.dry_refused);
    line(out, limit + "Keys", view.keys);
    line(out, limit + "Need", decimal(view.need.permits, 6));
    line(out, limit + "NeedKnown", view.need.known == limits::Need::Known::about ? 1U : 0U);
  }
}

void times(std::string& out, const Model& model) {
  const auto buckets =
      std::span(model.snapshot.sums).subspan(metrics::kHandshakeTimes, metrics::kHandshakeBuckets);
  const auto milliseconds = [&](double share) {
    return decimal(1000 * metrics::quantile(metrics::kHandshakes, buckets,
                                            model.snapshot.sums[metrics::kLongestHandshake], share),
                   6);
  };
  line(out, "HandshakeP50Ms", milliseconds(0.50));
  line(out, "HandshakeP95Ms", milliseconds(0.95));
  line(out, "HandshakeP99Ms", milliseconds(0.99));
  line(out, "AcquireWaits", model.sum(metrics::kAcquireWaits, metrics::kWaits.buckets()));
}

void rates(std::string& out, const Model& model) {
  const auto minute = metrics::last(model.history, 60'000'000);
  line(out, "RateOpened", decimal(minute.opened, 6));
  line(out, "RateRefused", decimal(minute.refused, 6));
  line(out, "RateLimitRefused", decimal(minute.limit_refused, 6));
  line(out, "RateBytesClientToOrigin", decimal(minute.bytes_to_origin, 6));
  line(out, "RateBytesOriginToClient", decimal(minute.bytes_to_client, 6));
}

}  // namespace

std::string to_auto_lines(const Model& model) {
  std::string out;
  const auto& sums = model.snapshot.sums;
  line(out, "TunnelsActive", model.active());
  line(out, "TunnelsActiveWorker", model.active_worker());
  line(out, "TunnelsTotal", sums[metrics::kTunnelsOpened]);
  line(out, "TunnelsTotalWorker", sums[metrics::kTunnelsOpenedWorker]);
  for (std::size_t i = 0; i < base::kOutcomes; ++i) {
    line(out, camel("Ended", base::name(static_cast<base::Outcome>(i))), sums[metrics::kTunnelsEnded + i]);
  }
  line(out, "Refused", model.sum(metrics::kRefused, base::kHandshakeRefusals));
  for (std::size_t i = 0; i < base::kHandshakeRefusals; ++i) {
    line(out, camel("Refused", base::name(static_cast<base::HandshakeRefusal>(i))),
         sums[metrics::kRefused + i]);
  }
  for (std::size_t i = 0; i < metrics::kDirections; ++i) {
    const auto* direction = metrics::name(static_cast<metrics::Direction>(i));
    line(out, camel("Bytes", direction), sums[metrics::kBytes + i]);
    line(out, camel("Messages", direction), sums[metrics::kMessages + i]);
    line(out, camel("Frames", direction),
         model.sum(metrics::kFrames + i * metrics::kOpcodeClasses, metrics::kOpcodeClasses));
  }
  line(out, "NotWebSocket", sums[metrics::kNotWebSocket]);
  line(out, "OriginReports", sums[metrics::kOriginReports]);
  times(out, model);
  rates(out, model);
  line(out, "LogLines", sums[metrics::kLogLines]);
  line(out, "LogLinesLost", sums[metrics::kLogLinesLost]);
  line(out, "Processes", model.snapshot.processes.size());
  line(out, "Keepers", model.keepers());
  for (std::size_t i = 0; i < model.snapshot.processes.size(); ++i) {
    const auto& process = model.snapshot.processes[i];
    const auto prefix = "Process[" + std::to_string(i) + "]";
    line(out, prefix + "Pid", process.pid);
    line(out, prefix + "Kind", name(process.kind));
    line(out, prefix + "Generation", process.generation);
    line(out, prefix + "TunnelsActive", process.active + process.active_worker);
    line(out, prefix + "TunnelsMax", process.max_tunnels);
    line(out, prefix + "Buffered", process.buffered);
  }
  limit_lines(out, model);
  return out;
}

}  // namespace wsflow::status
