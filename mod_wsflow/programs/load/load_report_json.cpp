#include <rapidjson/stringbuffer.h>

#include "mod_wsflow/programs/load/load_report.hpp"
#include "mod_wsflow/status/json_writer.hpp"
#include "mod_wsflow/version.h"

namespace wsflow::load {

namespace {

using status::Writer;

double seconds_of(std::int64_t us) noexcept {
  return static_cast<double>(us) / kSecond_us;
}

double seconds_of(std::uint64_t us) noexcept {
  return static_cast<double>(us) / kSecond_us;
}

void times(Writer& writer, std::string_view name, const Histogram& of) {
  status::begin_object(writer, name);
  status::number(writer, "count", of.count());
  status::real(writer, "min", seconds_of(of.least()));
  status::real(writer, "median", seconds_of(of.quantile(0.5)));
  status::real(writer, "p95", seconds_of(of.quantile(0.95)));
  status::real(writer, "p99", seconds_of(of.quantile(0.99)));
  status::real(writer, "p999", seconds_of(of.quantile(0.999)));
  status::real(writer, "max", seconds_of(of.most()));
  writer.EndObject();
}

void settings(Writer& writer, const LoadOptions& options) {
  status::begin_object(writer, "settings");
  status::number(writer, "connections", options.connections);
  status::real(writer, "rate", options.launch_gap_us() > 0 ? 1e6 / options.launch_gap_us() : 0);
  status::real(writer, "duration", seconds_of(options.duration_us));
  status::real(writer, "every", options.in_flight == 0 ? seconds_of(options.every_us) : 0);
  status::number(writer, "in_flight", options.in_flight);
  status::number(writer, "size", options.message.empty() ? options.size : options.message.size());
  status::number(writer, "source_addresses", options.from.size());
  writer.EndObject();
}

void occurrences(Writer& writer, const Occurrences& of) {
  status::number(writer, "count", of.count);
  status::real(writer, "first", seconds_of(of.first_us));
  status::real(writer, "last", seconds_of(of.last_us));
}

void failures(Writer& writer, const Tally& tally) {
  status::write_key(writer, "failures");
  writer.StartArray();
  for (const auto& [key, of] : tally.failures) {
    writer.StartObject();
    status::text(writer, "phase", name(key.first));
    status::text(writer, "kind", key.second);
    occurrences(writer, of);
    writer.EndObject();
  }
  writer.EndArray();
  status::write_key(writer, "closes");
  writer.StartArray();
  for (const auto& [code, of] : tally.close_codes) {
    writer.StartObject();
    status::number(writer, "code", code);
    status::text(writer, "reason", of.text);
    occurrences(writer, of);
    writer.EndObject();
  }
  writer.EndArray();
}

void second(Writer& writer, const Second& of) {
  writer.StartObject();
  status::number(writer, "second", of.second);
  status::number(writer, "open", of.open);
  status::number(writer, "launched", of.launched);
  status::number(writer, "completed", of.completed);
  status::number(writer, "failures", of.failures);
  status::number(writer, "sent", of.sent);
  status::number(writer, "answered", of.answered);
  status::real(writer, "handshake_median", seconds_of(of.handshake_p50));
  status::real(writer, "handshake_p99", seconds_of(of.handshake_p99));
  status::real(writer, "latency_median", seconds_of(of.answer_p50));
  status::real(writer, "latency_p99", seconds_of(of.answer_p99));
  status::real(writer, "latency_max", seconds_of(of.answer_most));
  writer.EndObject();
}

void counts(Writer& writer, const Tally& tally) {
  status::begin_object(writer, "handshakes");
  status::number(writer, "launched", tally.launched);
  status::number(writer, "completed", tally.completed);
  status::number(writer, "refused", tally.refused);
  status::number(writer, "failed", tally.failed);
  status::number(writer, "given_up", tally.given_up);
  status::number(writer, "tried_again", tally.again);
  times(writer, "seconds", tally.handshakes);
  writer.EndObject();
  status::begin_object(writer, "sockets");
  status::number(writer, "open", tally.open);
  status::number(writer, "open_most", tally.open_most);
  status::number(writer, "closed", tally.closed);
  status::number(writer, "closed_by_server", tally.closed_by_server);
  status::number(writer, "lost", tally.lost);
  status::number(writer, "unclosed", tally.unclosed);
  writer.EndObject();
  status::begin_object(writer, "messages");
  status::number(writer, "sent", tally.sent);
  status::number(writer, "answered", tally.answered);
  status::number(writer, "unanswered", tally.unanswered);
  status::number(writer, "received", tally.received);
  status::number(writer, "pings", tally.pings);
  times(writer, "seconds", tally.answers);
  writer.EndObject();
  status::number(writer, "bytes_in", tally.bytes_in);
  status::number(writer, "bytes_out", tally.bytes_out);
}

}  // namespace

std::string report_json(const LoadReport& report) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  const auto& tally = report.recorder.tally();
  writer.StartObject();
  status::text(writer, "program", "wsflow-load " WSFLOW_VERSION);
  status::text(writer, "url", report.options.url.shown);
  status::text(writer, "address", report.address);
  status::text(writer, "began", report.began);
  status::real(writer, "seconds", report.seconds);
  status::flag(writer, "interrupted", report.interrupted);
  status::number(writer, "failed", failures_of(tally));
  settings(writer, report.options);
  counts(writer, tally);
  failures(writer, tally);
  status::begin_object(writer, "client");
  status::real(writer, "cpu_seconds", report.cpu_seconds);
  times(writer, "late", tally.lag);
  status::text(writer, "warning", warning_of(report));
  writer.EndObject();
  status::write_key(writer, "timeline");
  writer.StartArray();
  for (const auto& each : report.recorder.seconds()) second(writer, each);
  writer.EndArray();
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace wsflow::load
