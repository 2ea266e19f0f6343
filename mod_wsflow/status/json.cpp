#include "mod_wsflow/status/json.hpp"

#include <algorithm>

#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/metrics/catalogue.hpp"
#include "mod_wsflow/status/json_limits.hpp"
#include "mod_wsflow/status/json_writer.hpp"
#include "mod_wsflow/status/rfc3339.hpp"

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
  number(writer, "refused", model.sum(metrics::kRefused, base::kRefusals));
  writer.Key("refused_by");
  writer.StartObject();
  for (std::size_t i = 0; i < base::kRefusals; ++i) {
    number(writer, base::name(static_cast<base::Refusal>(i)), sums[metrics::kRefused + i]);
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

void connections(Writer& writer, const Model& model) {
  number(writer, "connections_total", model.connections_total);
  writer.Key("connections");
  writer.StartArray();
  for (const auto& tunnel : model.connections) {
    const auto age_us = std::max<std::int64_t>(model.now_us - tunnel.started_us, 0);
    writer.StartObject();
    text(writer, "id", base::Text<16>().id(tunnel.id).view());
    number(writer, "pid", tunnel.pid);
    text(writer, "kind", name(tunnel.kind));
    number(writer, "generation", tunnel.generation);
    text(writer, "client", tunnel.client);
    text(writer, "server", tunnel.server);
    text(writer, "route", tunnel.route);
    text(writer, "origin", tunnel.origin);
    text(writer, "started", rfc3339(tunnel.started_us));
    number(writer, "age_seconds", static_cast<std::uint64_t>(age_us) / 1'000'000);
    writer.EndObject();
  }
  writer.EndArray();
}

void pings(Writer& writer, const Model& model) {
  writer.Key("pings");
  writer.StartObject();
  for (std::size_t peer = 0; peer < metrics::kDirections; ++peer) {
    const auto first = metrics::kPingRtt + peer * metrics::kRttPlaces;
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

}  // namespace

std::string to_json(const Model& model) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  text(writer, "version", model.version);
  text(writer, "server", model.server);
  number(writer, "generation", model.generation);
  text(writer, "nonce", model.nonce);
  tunnels(writer, model);
  writer.Key("relayed");
  writer.StartObject();
  relayed(writer, model.snapshot.sums);
  writer.EndObject();
  close_codes(writer, model);
  pings(writer, model);
  number(writer, "keepers", model.keepers());
  limits(writer, model.limits);
  processes(writer, model);
  connections(writer, model);
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace wsflow::status
