#include "mod_wsflow/status/metrics_text.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include "mod_wsflow/metrics/catalogue.hpp"
#include "mod_wsflow/status/metrics_document.hpp"
#include "mod_wsflow/status/metrics_routes.hpp"

namespace wsflow::status {

namespace {

using metrics::Reading;

// The values of the labels of one counter of a family: the last label changes first.
std::vector<std::string_view> values_of(std::span<const std::string_view> labels, std::size_t index) {
  std::vector<std::string_view> values(labels.size());
  for (auto i = labels.size(); i-- > 0;) {
    const auto& label = metrics::label(labels[i]);
    values[i] = label.value(index % label.count);
    index /= label.count;
  }
  return values;
}

void write_times(Document& document, const metrics::TimesFamily& family, const shm::Counters& sums) {
  const auto& times = family.times;
  for (std::size_t i = 0; i < family.count; ++i) {
    const auto values = values_of(document.labels(), i);
    const auto first = family.first + i * times.counters();
    std::uint64_t count = 0;
    for (std::size_t bucket = 0; bucket < times.buckets(); ++bucket) {
      count += sums[first + bucket];
      const auto bound =
          bucket < times.bounds.size()
              ? decimal_point(static_cast<double>(times.bounds[bucket]) * times.bound / times.second)
              : "+Inf";
      document.sample(values, std::to_string(count), "_bucket", "le=\"" + bound + "\"");
    }
    document.sample(values, std::to_string(count), "_count");
    const auto sum = static_cast<double>(sums[first + times.buckets()]) / times.second;
    document.sample(values, decimal_point(sum), "_sum");
  }
}

void write_permits_limit(Document& document, const limits::LimitView& limit) {
  const std::string_view name = limit.name;
  const bool any = limit.now.concurrency == 0 || limit.defined.keyed;
  document.sample(std::span(&name, 1), any ? "+Inf" : std::to_string(limit.now.concurrency));
}

void write_share(Document& document, Reading what, const limits::LimitView& limit) {
  const std::string_view name = limit.name;
  if (!limits::is_shared(limit.defined)) return;
  const auto& share = limit.share;
  if (limit.defined.keyed) {
    if (what == Reading::cluster_keys) document.sample({name}, share.keys_shared);
    if (what == Reading::cluster_keys_asked) document.sample({name}, share.keys_asked);
    if (what == Reading::cluster_keys_denied) document.sample({name}, share.keys_denied);
  } else {
    if (what == Reading::cluster_share) document.sample({name}, limit.usable.permits);
    if (what == Reading::cluster_others) document.sample({name}, share.others);
  }
  if (what == Reading::cluster_lease)
    document.sample(std::span(&name, 1), decimal_point(limits::seconds(limit.lease_left)));
}

void write_limit(Document& document, Reading what, const limits::LimitView& limit) {
  const std::string_view name = limit.name;
  switch (what) {
    case Reading::permits_in_use: return document.sample({limit.name}, limit.in_use);
    case Reading::permits_limit: return write_permits_limit(document, limit);
    case Reading::permits_key_limit:
      if (limit.defined.keyed && limit.now.concurrency != 0)
        document.sample({limit.name}, limit.now.concurrency);
      return;
    case Reading::permits_key_most:
      // Of the keys that the status knows of, the one with the most in use is the first.
      if (limit.defined.keyed)
        document.sample({limit.name}, limit.top_keys.empty() ? 0 : limit.top_keys.front().in_use);
      return;
    case Reading::permits_waiting: return document.sample({limit.name}, limit.waiting);
    case Reading::permits_needed:
      return document.sample(std::span(&name, 1), decimal_point(limit.need.permits));
    case Reading::limit_keys: return document.sample({limit.name}, limit.keys);
    case Reading::limit_requests: return document.sample({limit.name}, limit.arrivals);
    case Reading::limit_admissions: return document.sample({limit.name}, limit.admitted);
    case Reading::limit_refusals:
      for (std::size_t i = 0; i < limits::kReasons; ++i)
        document.sample({limit.name, limits::name(static_cast<limits::LimitReason>(i))}, limit.refused[i]);
      return;
    case Reading::limit_dry_refusals: return document.sample({limit.name}, limit.dry_refused);
    case Reading::cluster_share:
    case Reading::cluster_others:
    case Reading::cluster_keys:
    case Reading::cluster_keys_asked:
    case Reading::cluster_keys_denied:
    case Reading::cluster_lease: return write_share(document, what, limit);
    case Reading::build_info:
    case Reading::generation:
    case Reading::processes:
    case Reading::tunnels_active:
    case Reading::tunnels_active_worker:
    case Reading::tunnels_max:
    case Reading::cluster_answers:
    case Reading::cluster_failures:
    case Reading::buffered:
    case Reading::presence_keys:
    case Reading::presence_sockets:
    case Reading::presence_waiting:
    case Reading::presence_lag:
    case Reading::presence_failing:
    case Reading::start_time:
    case Reading::descriptors_open:
    case Reading::descriptors_share:
    case Reading::httpd_workers:
    case Reading::worker_usable:
    case Reading::route_tunnels:
    case Reading::route_handshakes:
    case Reading::route_handshake_seconds:
    case Reading::route_bytes:
    case Reading::route_close_codes: return;
  }
}

double share_of(std::uint64_t part, std::uint64_t whole) noexcept {
  return whole != 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

void write_reading(Document& document, Reading what, const Model& model) {
  const auto& processes = model.snapshot.processes;
  std::uint64_t buffered = 0;
  std::uint64_t most = 0;
  std::uint64_t descriptors = 0;
  double share = 0;
  for (const auto& process : processes) {
    buffered += process.buffered;
    descriptors += process.descriptors;
    share = std::max(share, share_of(process.descriptors, process.descriptors_most));
    if (process.kind == shm::ProcessKind::child) most += process.max_tunnels;
  }
  switch (what) {
    case Reading::build_info: return document.sample({model.version}, 1);
    case Reading::generation: return document.sample({}, model.generation);
    case Reading::processes:
      document.sample({name(shm::ProcessKind::child)}, processes.size() - model.keepers());
      return document.sample({name(shm::ProcessKind::keeper)}, model.keepers());
    case Reading::tunnels_active: return document.sample({}, model.active());
    case Reading::tunnels_active_worker: return document.sample({}, model.active_worker());
    case Reading::tunnels_max: return document.sample({}, most);
    case Reading::buffered: return document.sample({}, buffered);
    case Reading::start_time: return document.sample({}, static_cast<std::uint64_t>(model.started));
    case Reading::descriptors_open: return document.sample({}, descriptors);
    case Reading::descriptors_share: return document.sample({}, decimal_point(share));
    case Reading::httpd_workers:
      document.sample({"busy"}, model.workers.busy);
      return document.sample({"idle"}, model.workers.idle);
    case Reading::worker_usable: return write_workers(document, model.origins);
    case Reading::route_tunnels:
    case Reading::route_handshakes:
    case Reading::route_handshake_seconds:
    case Reading::route_bytes:
    case Reading::route_close_codes: return write_routes(document, what, model.routes);
    case Reading::presence_keys: return document.sample({}, model.presence.keys);
    case Reading::presence_sockets: return document.sample({}, model.presence.sockets);
    case Reading::presence_waiting: return document.sample({}, model.presence.waiting);
    case Reading::presence_lag:
      return document.sample({}, decimal_point(static_cast<double>(model.presence.lag_us) / 1e6));
    case Reading::presence_failing: return document.sample({}, model.presence.failing);
    case Reading::cluster_answers: return document.sample({}, model.cluster.answers);
    case Reading::cluster_failures: return document.sample({}, model.cluster.failures);
    case Reading::cluster_share:
    case Reading::cluster_others:
    case Reading::cluster_keys:
    case Reading::cluster_keys_asked:
    case Reading::cluster_keys_denied:
    case Reading::cluster_lease:
    case Reading::permits_in_use:
    case Reading::permits_limit:
    case Reading::permits_key_limit:
    case Reading::permits_key_most:
    case Reading::permits_waiting:
    case Reading::permits_needed:
    case Reading::limit_keys:
    case Reading::limit_requests:
    case Reading::limit_admissions:
    case Reading::limit_refusals:
    case Reading::limit_dry_refusals:
      for (const auto& limit : model.limits) write_limit(document, what, limit);
      return;
  }
}

}  // namespace

const char* content_type(MetricsFormat format) noexcept {
  return format == MetricsFormat::open ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                       : "text/plain; version=0.0.4; charset=utf-8";
}

std::string to_metrics(const Model& model, MetricsFormat format) {
  const auto& sums = model.snapshot.sums;
  Document document(format);
  for (const auto& family : metrics::families()) {
    document.begin(family.metric, family.labels, family.help);
    for (std::size_t i = 0; i < family.count; ++i) {
      document.sample(values_of(document.labels(), i), std::to_string(sums[family.first + i]));
    }
  }
  for (const auto& family : metrics::histograms()) {
    document.begin(family.metric, family.labels, family.help, "histogram");
    write_times(document, family, sums);
  }
  for (std::size_t i = 0; i < metrics::kReadings; ++i) {
    const auto& family = metrics::readings()[i];
    document.begin(family.metric, family.labels, family.help);
    write_reading(document, static_cast<Reading>(i), model);
  }
  return std::move(document).end();
}

}  // namespace wsflow::status
