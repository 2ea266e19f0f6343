#include "mod_wsflow/status/json.hpp"

#include <span>

#include "mod_wsflow/base/rfc3339.hpp"
#include "mod_wsflow/status/json_capacity.hpp"
#include "mod_wsflow/status/json_client.hpp"
#include "mod_wsflow/status/json_counts.hpp"
#include "mod_wsflow/status/json_limits.hpp"
#include "mod_wsflow/status/json_measured.hpp"
#include "mod_wsflow/status/json_members.hpp"
#include "mod_wsflow/status/json_presence.hpp"
#include "mod_wsflow/status/json_trouble.hpp"
#include "mod_wsflow/status/json_tunnels.hpp"
#include "mod_wsflow/status/json_writer.hpp"

namespace wsflow::status {

namespace {

// These stand first in their object; the others follow as the catalogue has them.
constexpr std::string_view kLeading[] = {"tunnels.total", "tunnels.total_worker", "tunnels.refused",
                                         "tunnels.refused_by.<result>"};

void tunnels(Writer& writer, const Model& model, std::span<const Entry> entries) {
  begin_object(writer, "tunnels");
  number(writer, "active", model.active());
  number(writer, "active_worker", model.active_worker());
  write_entries(writer, model.snapshot.sums, entries_in(entries, "tunnels"));
  writer.EndObject();
}

void loops(Writer& writer, const shm::RefusalLoops& loops) {
  begin_object(writer, "refused_loops");
  number(writer, "refused", loops.refused);
  number(writer, "again", loops.again);
  number(writer, "clients", loops.clients);
  begin_object(writer, "again_by");
  for (std::size_t i = 0; i < loops.by_reason.size(); ++i) {
    const auto reason = static_cast<base::HandshakeRefusal>(i);
    if (loops.by_reason[i] != 0) number(writer, base::name(reason), loops.by_reason[i]);
  }
  writer.EndObject();
  write_key(writer, "worst");
  writer.StartArray();
  for (const auto& client : loops.worst) {
    writer.StartObject();
    text(writer, "client", client.address);
    number(writer, "refused", client.refused);
    text(writer, "reason", base::name(client.reason));
    writer.EndObject();
  }
  writer.EndArray();
  writer.EndObject();
}

void processes(Writer& writer, const Model& model, std::span<const Entry> relayed) {
  write_key(writer, "processes");
  writer.StartArray();
  for (const auto& process : model.snapshot.processes) {
    writer.StartObject();
    number(writer, "pid", process.pid);
    text(writer, "kind", name(process.kind));
    number(writer, "generation", process.generation);
    write_key(writer, "started");
    writer.Int64(process.started);
    number(writer, "tunnels_active", process.active + process.active_worker);
    number(writer, "tunnels_active_worker", process.active_worker);
    number(writer, "tunnels_total", process.counters[metrics::kTunnelsOpened]);
    number(writer, "tunnels_max", process.max_tunnels);
    number(writer, "descriptors", process.descriptors);
    number(writer, "descriptors_max", process.descriptors_most);
    number(writer, "buffered", process.buffered);
    write_entries(writer, process.counters, relayed);
    writer.EndObject();
  }
  writer.EndArray();
}

}  // namespace

std::string to_json(const Model& model) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  const auto entries = json_entries(kLeading);
  writer.StartObject();
  text(writer, "version", model.version);
  text(writer, "server", model.server);
  text(writer, "host", model.host);
  number(writer, "generation", model.generation);
  text_or_null(writer, "since", model.started != 0 ? base::rfc3339(model.started * 1'000'000) : "");
  text_or_null(writer, "reloaded", model.reloaded != 0 ? base::rfc3339(model.reloaded * 1'000'000) : "");
  text(writer, "time", base::rfc3339(model.now_us));
  text(writer, "nonce", model.nonce);
  write_trouble(writer, model);
  write_client(writer, model);
  tunnels(writer, model, entries);
  for (const auto* name : {"relayed", "close_codes", "pings"})
    write_object(writer, model.snapshot.sums, entries, name);
  measured(writer, model);
  write_object(writer, model.snapshot.sums, entries, "log");
  write_presence(writer, model, entries_in(entries, "presence"));
  number(writer, "keepers", model.keepers());
  loops(writer, model.loops);
  write_cluster(writer, model.cluster);
  write_limits(writer, model.limits);
  routes(writer, model);
  write_members(writer, model.members, model.clock_us);
  write_origins(writer, model.origins);
  write_workers(writer, model.workers);
  processes(writer, model, entries_in(entries, "relayed"));
  write_capacity(writer, model);
  connections(writer, model);
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace wsflow::status
