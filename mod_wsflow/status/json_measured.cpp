#include "mod_wsflow/status/json_measured.hpp"

#include "mod_wsflow/base/rfc3339.hpp"
#include "mod_wsflow/metrics/quantile.hpp"
#include "mod_wsflow/metrics/rates.hpp"

namespace wsflow::status {

namespace {

constexpr double kMillisecond = 1000;  // in a second

// Count, mean and percentiles of a family of times.
void spread(Writer& writer, const Model& model, const metrics::TimesFamily& family) {
  const auto& times = family.times;
  const auto unit = family.shown.unit;
  const auto buckets = std::span(model.snapshot.sums).subspan(family.first, times.buckets());
  const auto longest = model.snapshot.sums[family.longest];
  const auto count = model.sum(family.first, times.buckets());
  const auto sum = static_cast<double>(model.snapshot.sums[family.first + times.buckets()]) / times.second;
  begin_object(writer, family.shown.spread);
  number(writer, "count", count);
  real(writer, "mean", count != 0 ? unit * sum / static_cast<double>(count) : 0);
  real(writer, "p50", unit * metrics::quantile(times, buckets, longest, 0.50));
  real(writer, "p95", unit * metrics::quantile(times, buckets, longest, 0.95));
  real(writer, "p99", unit * metrics::quantile(times, buckets, longest, 0.99));
  writer.EndObject();
}

void interval(Writer& writer, const metrics::Interval& interval) {
  real(writer, "seconds", static_cast<double>(interval.to_us - interval.from_us) / 1e6);
  real(writer, "opened_per_s", interval.opened);
  real(writer, "refused_per_s", interval.refused);
  real(writer, "limit_refused_per_s", interval.limit_refused);
  real(writer, "origin_failed_per_s", interval.origin_failed);
  real(writer, "joins_per_s", interval.joins);
  real(writer, "leaves_per_s", interval.leaves);
  real(writer, "bytes_from_client_per_s", interval.bytes_to_origin);
  real(writer, "bytes_from_origin_per_s", interval.bytes_to_client);
  real(writer, "handshake_p50_ms", interval.handshake_p50 * kMillisecond);
  real(writer, "handshake_p95_ms", interval.handshake_p95 * kMillisecond);
  real(writer, "handshake_p99_ms", interval.handshake_p99 * kMillisecond);
}

void rates(Writer& writer, const char* key, const Model& model, std::int64_t span_us) {
  begin_object(writer, key);
  interval(writer, metrics::last(model.history, span_us));
  writer.EndObject();
}

void history(Writer& writer, const Model& model) {
  write_key(writer, "history");
  writer.StartArray();
  for (const auto& each : metrics::intervals(model.history)) {
    writer.StartObject();
    text(writer, "until", base::rfc3339(each.to_us));
    real(writer, "active", each.active);
    interval(writer, each);
    writer.EndObject();
  }
  writer.EndArray();
}

}  // namespace

void measured(Writer& writer, const Model& model) {
  for (const auto& family : metrics::histograms()) {
    if (family.shown.spread != nullptr) spread(writer, model, family);
  }
  begin_object(writer, "rates");
  rates(writer, "last_10s", model, 10'000'000);
  rates(writer, "last_60s", model, 60'000'000);
  writer.EndObject();
  if (model.history_wanted) history(writer, model);
}

}  // namespace wsflow::status
