#include "mod_wsflow/status/json.hpp"

#include "mod_wsflow/base/rfc3339.hpp"
#include "mod_wsflow/metrics/catalogue.hpp"
#include "mod_wsflow/status/json_limits.hpp"
#include "mod_wsflow/status/json_measured.hpp"
#include "mod_wsflow/status/json_tunnels.hpp"
#include "mod_wsflow/status/json_writer.hpp"

namespace wsflow::status {

namespace {

// The counters of one process, or of all.
template <class Counters>
void relayed(Writer& writer, const Counters& counters) {
  for (std::size_t direction = 0; direction < metrics::kDirections; ++direction) {
    writer.Key(metrics::name(static_cast<metrics::Direction>(direction)));
    writer.StartObject();
    number(writer, "bytes", counters[metrics::kBytes + direction]);
    number(writer, "messages", counters[metrics::kMessages + direction]);
    writer.Key("frames");
    writer.StartObject();
    for (std::size_t i = 0; i < metrics::kOpcodeClasses; ++i) {
      number(writer, metrics::opcode_class_name(i),
             counters[metrics::kFrames + direction * metrics::kOpcodeClasses + i]);
    }
    writer.EndObject();
    writer.EndObject();
  }
}

void tunnels(Writer& writer, const Model& model) {
  const auto& sums = model.snapshot.sums;
  writer.Key("tunnels");
  writer.StartObject();
  number(writer, "active", model.active());
  number(writer, "active_worker", model.active_worker());
  number(writer, "total", sums[metrics::kTunnelsOpened]);
  number(writer, "total_worker", sums[metrics::kTunnelsOpenedWorker]);
  number(writer, "refused", model.sum(metrics::kRefused, base::kHandshakeRefusals));
  writer.Key("refused_by");
  writer.StartObject();
  for (std::size_t i = 0; i < base::kHandshakeRefusals; ++i) {
    number(writer, base::name(static_cast<base::HandshakeRefusal>(i)), sums[metrics::kRefused + i]);
  }
  writer.EndObject();
  writer.Key("ended");
  writer.StartObject();
  for (std::size_t i = 0; i < base::kOutcomes; ++i) {
    number(writer, base::name(static_cast<base::Outcome>(i)), sums[metrics::kTunnelsEnded + i]);
  }
  writer.EndObject();
  number(writer, "not_websocket", sums[metrics::kNotWebSocket]);
  number(writer, "origin_reports", sums[metrics::kOriginReports]);
  writer.EndObject();
}

void processes(Writer& writer, const Model& model) {
  writer.Key("processes");
  writer.StartArray();
  for (const auto& process : model.snapshot.processes) {
    writer.StartObject();
    number(writer, "pid", process.pid);
    text(writer, "kind", name(process.kind));
    number(writer, "generation", process.generation);
    writer.Key("started");
    writer.Int64(process.started);
    number(writer, "tunnels_active", process.active + process.active_worker);
    number(writer, "tunnels_active_worker", process.active_worker);
    number(writer, "tunnels_total", process.counters[metrics::kTunnelsOpened]);
    number(writer, "tunnels_max", process.max_tunnels);
    number(writer, "buffered", process.buffered);
    relayed(writer, process.counters);
    writer.EndObject();
  }
  writer.EndArray();
}

void pings(Writer& writer, const Model& model) {
  writer.Key("pings");
  writer.StartObject();
  for (std::size_t peer = 0; peer < metrics::kDirections; ++peer) {
    const auto first = metrics::kPingRtt + peer * metrics::kRttCounters;
    const auto answered = model.sum(first, metrics::kRttBuckets);
    writer.Key(peer == 0 ? "client" : "origin");
    writer.StartObject();
    number(writer, "sent", model.snapshot.sums[metrics::kPings + peer]);
    number(writer, "measured", answered);
    number(writer, "rtt_mean_ms",
           answered != 0 ? model.snapshot.sums[first + metrics::kRttBuckets] / answered : 0);
    writer.EndObject();
  }
  writer.EndObject();
}

void close_codes(Writer& writer, const Model& model) {
  writer.Key("close_codes");
  writer.StartObject();
  for (std::size_t sender = 0; sender < metrics::kDirections; ++sender) {
    writer.Key(sender == 0 ? "client" : "origin");
    writer.StartObject();
    for (std::size_t i = 0; i < metrics::kCloseCodes; ++i) {
      const auto count = model.snapshot.sums[metrics::kCloses + sender * metrics::kCloseCodes + i];
      if (count != 0) number(writer, metrics::close_code_name(i), count);
    }
    writer.EndObject();
  }
  writer.EndObject();
}

void log(Writer& writer, const Model& model) {
  writer.Key("log");
  writer.StartObject();
  number(writer, "lines", model.snapshot.sums[metrics::kLogLines]);
  number(writer, "lost", model.snapshot.sums[metrics::kLogLinesLost]);
  writer.EndObject();
}

}  // namespace

std::string to_json(const Model& model) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  text(writer, "version", model.version);
  text(writer, "server", model.server);
  number(writer, "generation", model.generation);
  text(writer, "time", base::rfc3339(model.now_us));
  text(writer, "nonce", model.nonce);
  tunnels(writer, model);
  writer.Key("relayed");
  writer.StartObject();
  relayed(writer, model.snapshot.sums);
  writer.EndObject();
  close_codes(writer, model);
  pings(writer, model);
  measured(writer, model);
  log(writer, model);
  number(writer, "keepers", model.keepers());
  write_limits(writer, model.limits);
  routes(writer, model);
  processes(writer, model);
  connections(writer, model);
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace wsflow::status
