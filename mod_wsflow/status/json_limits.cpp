#include "mod_wsflow/status/json_limits.hpp"

#include "mod_wsflow/status/limit_text.hpp"

namespace wsflow::status {

namespace {

constexpr double kMillisecond = 1000;

void milliseconds(Writer& writer, const char* key, limits::Micros span) {
  number(writer, key, static_cast<std::uint64_t>(span / 1000));
}

void setting(Writer& writer, const char* key, std::uint64_t configured, std::uint64_t now) {
  begin_object(writer, key);
  number(writer, "configured", configured);
  number(writer, "now", now);
  writer.EndObject();
}

void automatic(Writer& writer, const limits::LimitView& view) {
  begin_object(writer, "auto");
  number(writer, "min", view.defined.least);
  number(writer, "max", view.defined.most);
  begin_object(writer, "decided");
  text(writer, "why", limits::name(view.gradient.why));
  number(writer, "before", view.gradient.before);
  number(writer, "after", view.gradient.after);
  real(writer, "recent_ms", view.gradient.sample_rtt / kMillisecond);
  real(writer, "usual_ms", view.gradient.min_rtt / kMillisecond);
  real(writer, "ratio", view.gradient.gradient);
  writer.EndObject();
  writer.EndObject();
}

void settings(Writer& writer, const limits::LimitView& view) {
  const auto& given = view.defined.settings;
  begin_object(writer, "concurrency");
  number(writer, "configured", given.concurrency);
  number(writer, "now", view.now.concurrency);
  if (view.defined.most != 0) automatic(writer, view);
  writer.EndObject();
  setting(writer, "queue", given.queue, view.now.queue);
  milliseconds(writer, "acquire_ms", view.defined.acquire);
  begin_object(writer, "rate");
  real(writer, "configured", given.rate);
  real(writer, "now", view.now.rate);
  writer.EndObject();
  setting(writer, "burst", given.burst, view.now.burst);
  milliseconds(writer, "ramp_ms", view.defined.ramp);
  milliseconds(writer, "penalty_ms", view.defined.penalty);
  real(writer, "ramp_share", view.ramp_share);
  flag(writer, "dry_run", view.defined.dry_run);
  flag(writer, "keyed", view.defined.keyed);
  number(writer, "keys_max", view.defined.keys);
}

void refusals(Writer& writer, const limits::LimitView& view) {
  number(writer, "refused", refused(view));
  begin_object(writer, "refused_by");
  for (std::size_t i = 0; i < limits::kReasons; ++i) {
    number(writer, limits::name(static_cast<limits::LimitReason>(i)), view.refused[i]);
  }
  writer.EndObject();
  number(writer, "dry_refused", view.dry_refused);
}

void measured(Writer& writer, const limits::LimitView& view) {
  begin_object(writer, "measured");
  real(writer, "arrivals_per_s", view.arrival_rate);
  real(writer, "admissions_per_s", view.admission_rate);
  real(writer, "releases_per_s", view.release_rate);
  real(writer, "refusals_per_s", view.refusal_rate);
  real(writer, "held_mean_s", view.held_mean);
  real(writer, "held_p95_s", view.held_p95);
  real(writer, "need", view.need.permits);
  flag(writer, "need_known", view.need.known == limits::Need::Known::about);
  number(writer, "in_use_most", view.need.most);
  real(writer, "in_use_mean", view.need.held);
  real(writer, "refused_mean", view.need.refused);
  real(writer, "window_s", view.need.window);
  writer.EndObject();
}

void waits(Writer& writer, const limits::LimitView& view) {
  begin_object(writer, "wait_s");
  number(writer, "count", view.waits.count());
  real(writer, "p50", limits::seconds(view.waits.quantile(0.50)));
  real(writer, "p95", limits::seconds(view.waits.quantile(0.95)));
  real(writer, "p99", limits::seconds(view.waits.quantile(0.99)));
  writer.EndObject();
}

void keys(Writer& writer, const limits::LimitView& view) {
  number(writer, "keys", view.keys);
  number(writer, "keys_ignored", view.keys_ignored);
  write_key(writer, "top_keys");
  writer.StartArray();
  for (const auto& key : view.top_keys) {
    writer.StartObject();
    text(writer, "key", shown(key));
    number(writer, "in_use", key.in_use);
    number(writer, "waiting", key.waiting);
    number(writer, "peak", key.peak);
    number(writer, "admitted", key.admitted);
    number(writer, "refused", key.refused);
    writer.EndObject();
  }
  writer.EndArray();
}

// What this node has of what nodes share: of all of the limit, or, where each key is shared for itself, of
// how many keys.
void whole_share(Writer& writer, const limits::LimitView& view) {
  const auto& told = view.share;
  number(writer, "share", view.usable.permits);
  number(writer, "others", told.others);
  number(writer, "lacking", told.permits_lacking);
  real(writer, "rate_share", view.usable.pace.rate);
  number(writer, "units", view.lease_left != 0 ? told.units : 0);
  number(writer, "units_others", told.unit_others);
}

void key_shares(Writer& writer, const limits::LimitView& view) {
  number(writer, "keys_shared", view.share.keys_shared);
  number(writer, "keys_asked", view.share.keys_asked);
  number(writer, "keys_denied", view.share.keys_denied);
}

// What this node has of a limit that nodes share.
void cluster(Writer& writer, const limits::LimitView& view) {
  if (!limits::is_shared(view.defined)) return;
  const auto& told = view.share;
  begin_object(writer, "cluster");
  text(writer, "name", view.defined.cluster);
  view.defined.keyed ? key_shares(writer, view) : whole_share(writer, view);
  number(writer, "of", told.limit);
  real(writer, "rate_of", told.rate);
  number(writer, "units_of", told.burst);
  number(writer, "nodes", told.nodes);
  number(writer, "floor", view.defined.floor);
  flag(writer, "by_floor", view.usable.by_floor);
  flag(writer, "settling", told.settling != 0);
  milliseconds(writer, "lease_left_ms", view.lease_left);
  writer.EndObject();
}

void limit(Writer& writer, const limits::LimitView& view) {
  writer.StartObject();
  text(writer, "name", view.name);
  flag(writer, "configured", view.configured);
  text(writer, "applies", limits::name(view.defined.applies));
  settings(writer, view);
  cluster(writer, view);
  number(writer, "in_use", view.in_use);
  number(writer, "waiting", view.waiting);
  number(writer, "peak", view.peak);
  number(writer, "arrivals", view.arrivals);
  number(writer, "admitted", view.admitted);
  number(writer, "waited", view.waited);
  number(writer, "released", view.released);
  refusals(writer, view);
  measured(writer, view);
  text(writer, "advice", advice(view.need, view.defined.keyed));
  waits(writer, view);
  keys(writer, view);
  writer.EndObject();
}

}  // namespace

void write_limits(Writer& writer, const std::vector<limits::LimitView>& views) {
  write_key(writer, "limits");
  writer.StartArray();
  for (const auto& view : views) limit(writer, view);
  writer.EndArray();
}

void write_cluster(Writer& writer, const limits::ClusterView& view) {
  begin_object(writer, "cluster");
  number(writer, "answers", view.answers);
  number(writer, "failures", view.failures);
  number(writer, "keys", view.keys);
  real(writer, "answer_ms", view.answer_ms);
  text_or_null(writer, "error", view.error);
  writer.EndObject();
}

std::string to_json(const limits::LimitView& view) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  flag(writer, "ok", true);
  write_key(writer, "limit");
  limit(writer, view);
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

std::string to_json_error(std::string_view error) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  flag(writer, "ok", false);
  text(writer, "error", error);
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace wsflow::status
