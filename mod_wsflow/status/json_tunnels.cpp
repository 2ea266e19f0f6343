#include "mod_wsflow/status/json_tunnels.hpp"

#include <algorithm>

#include "mod_wsflow/base/rfc3339.hpp"
#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/metrics/label_values.hpp"

namespace wsflow::status {

namespace {

template <class View>
void relayed(Writer& writer, const View& view) {
  number(writer, "bytes_from_client", view.bytes[0]);
  number(writer, "bytes_from_origin", view.bytes[1]);
  number(writer, "messages_from_client", view.messages[0]);
  number(writer, "messages_from_origin", view.messages[1]);
}

void keys(Writer& writer, std::span<const limits::HeldKey> held) {
  write_key(writer, "keys");
  writer.StartArray();
  for (const auto& each : held) {
    writer.StartObject();
    text(writer, "limit", each.limit);
    text(writer, "key", each.text);
    writer.EndObject();
  }
  writer.EndArray();
}

void connection(Writer& writer, const shm::TunnelView& tunnel, std::span<const limits::HeldKey> held,
                std::int64_t clock_us) {
  const auto has = [&](std::uint16_t trait) { return (tunnel.traits & trait) != 0; };
  const auto age_us = std::max<std::int64_t>(clock_us - tunnel.began_us, 0);
  const auto age = static_cast<std::uint64_t>(age_us) / 1'000'000;
  writer.StartObject();
  text(writer, "id", base::Text<16>().id(tunnel.id).view());
  number(writer, "pid", tunnel.pid);
  text(writer, "kind", name(tunnel.kind));
  number(writer, "generation", tunnel.generation);
  text(writer, "client", tunnel.client);
  text(writer, "server", tunnel.server);
  text(writer, "route", tunnel.route);
  text(writer, "origin", tunnel.origin);
  text_or_null(writer, "user", tunnel.user);
  keys(writer, held);
  text(writer, "started", base::rfc3339(tunnel.started_us));
  number(writer, "age_seconds", age);
  number(writer, "idle_seconds", age - std::min<std::uint64_t>(age, tunnel.active));
  relayed(writer, tunnel);
  number_or_null(writer, "rtt_client_ms", tunnel.rtt_ms[0]);
  number_or_null(writer, "rtt_origin_ms", tunnel.rtt_ms[1]);
  flag(writer, "tls_client", has(shm::trait::kClientTls));
  flag(writer, "tls_origin", has(shm::trait::kOriginTls));
  text(writer, "mode", has(shm::trait::kOnWorker) ? "worker" : "engine");
  text(writer, "state", state_of(tunnel.traits));
  writer.EndObject();
}

// Without zeros: most of them never happen on a route.
void refused_by(Writer& writer, const shm::RouteView& route) {
  begin_object(writer, "refused_by");
  for (std::size_t i = 0; i < route.refused_by.size(); ++i) {
    const auto reason = static_cast<base::HandshakeRefusal>(i);
    if (route.refused_by[i] != 0) number(writer, base::name(reason), route.refused_by[i]);
  }
  writer.EndObject();
}

void close_codes(Writer& writer, const shm::RouteView& route) {
  begin_object(writer, "close_codes");
  for (std::size_t from = 0; from < metrics::kDirections; ++from) {
    begin_object(writer, from == 0 ? "client" : "origin");
    for (std::size_t i = 0; i < metrics::kCloseCodes; ++i) {
      if (route.closes[from][i] != 0) number(writer, metrics::close_code_name(i), route.closes[from][i]);
    }
    writer.EndObject();
  }
  writer.EndObject();
}

}  // namespace

void routes(Writer& writer, const Model& model) {
  write_key(writer, "routes");
  writer.StartArray();
  for (const auto& route : model.routes) {
    writer.StartObject();
    text(writer, "server", route.server);
    text(writer, "route", route.route);
    text_or_null(writer, "origin", route.origin);
    number(writer, "active", route.active);
    number(writer, "opened", route.opened);
    number(writer, "refused", route.refused);
    refused_by(writer, route);
    close_codes(writer, route);
    flag(writer, "drained", route.drained);
    real(writer, "handshake_mean_ms", route.handshake_mean * 1000);
    relayed(writer, route);
    writer.EndObject();
  }
  writer.EndArray();
}

void connections(Writer& writer, const Model& model) {
  const auto& tunnels = model.connections.tunnels;
  number(writer, "connections_total", model.connections.total);
  number(writer, "connections_matched", model.connections.matched);
  write_key(writer, "connections");
  writer.StartArray();
  for (std::size_t i = 0; i < tunnels.size(); ++i) {
    const auto held = i < model.keys.size() ? std::span(model.keys[i]) : std::span<const limits::HeldKey>();
    connection(writer, tunnels[i], held, model.clock_us);
  }
  writer.EndArray();
}

}  // namespace wsflow::status
