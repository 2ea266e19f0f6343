#include "mod_wsflow/status/auto_lines.hpp"

#include <algorithm>
#include <span>
#include <string_view>

#include "mod_wsflow/metrics/quantile.hpp"
#include "mod_wsflow/metrics/rates.hpp"
#include "mod_wsflow/status/catalogue_entry.hpp"
#include "mod_wsflow/status/limit_text.hpp"
#include "mod_wsflow/status/trouble.hpp"

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

// These stand first; the others follow as the catalogue has them.
constexpr std::string_view kLeading[] = {"TunnelsTotal", "TunnelsTotalWorker", "Ended<outcome>"};

// Lines with the same label take turns: all of its first value, all of its second one.
void counts(std::string& out, const shm::Counters& sums, std::span<const Entry> entries) {
  while (!entries.empty()) {
    const auto label_name = Pattern::of(entries.front().path).label;
    const auto run = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) {
      return label_name.empty() || Pattern::of(entry.path).label != label_name;
    });
    if (label_name.empty()) {
      line(out, entries.front().path, value_of(entries.front(), sums));
      entries = entries.subspan(1);
      continue;
    }
    const auto& label = metrics::label(label_name);
    const auto members = entries.first(static_cast<std::size_t>(run - entries.begin()));
    for (auto value = members.front().skipped; value < label.count; ++value) {
      for (const auto& entry : members) {
        line(out, camel(Pattern::of(entry.path).before, label.value(value)),
             value_of(narrowed(entry, label, value, {}), sums));
      }
    }
    entries = entries.subspan(members.size());
  }
}

void percentiles(std::string& out, const Model& model, const metrics::TimesFamily& family) {
  const auto buckets = std::span(model.snapshot.sums).subspan(family.first, family.times.buckets());
  const auto milliseconds = [&](double share) {
    return decimal(
        1000 * metrics::quantile(family.times, buckets, model.snapshot.sums[family.longest], share), 6);
  };
  const std::string begin = family.shown.percentiles;
  line(out, begin + "P50Ms", milliseconds(0.50));
  line(out, begin + "P95Ms", milliseconds(0.95));
  line(out, begin + "P99Ms", milliseconds(0.99));
}

void times(std::string& out, const Model& model) {
  for (const auto& family : metrics::histograms()) {
    if (family.shown.percentiles != nullptr) percentiles(out, model, family);
    if (family.shown.line_count != nullptr)
      line(out, family.shown.line_count, model.sum(family.first, family.times.buckets()));
  }
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
  const auto entries = line_entries(kLeading);
  const auto log = std::find_if(entries.begin(), entries.end(),
                                [](const Entry& entry) { return entry.path == "LogLines"; });
  line(out, "TunnelsActive", model.active());
  line(out, "TunnelsActiveWorker", model.active_worker());
  counts(out, sums, {entries.begin(), log});
  times(out, model);
  rates(out, model);
  counts(out, sums, {log, entries.end()});
  line(out, "PresenceKeys", model.presence.keys);
  line(out, "PresenceSockets", model.presence.sockets);
  line(out, "PresenceWaiting", model.presence.waiting);
  line(out, "PresenceLagSeconds", decimal(static_cast<double>(model.presence.lag_us) / 1e6, 6));
  line(out, "PresenceFailing", model.presence.failing);
  line(out, "StartTime", static_cast<std::uint64_t>(model.started));
  line(out, "Trouble", troubles(model).size());
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
    line(out, prefix + "Descriptors", process.descriptors);
    line(out, prefix + "DescriptorsMax", process.descriptors_most);
  }
  limit_lines(out, model);
  return out;
}

}  // namespace wsflow::status
