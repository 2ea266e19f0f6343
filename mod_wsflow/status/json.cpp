#include "mod_wsflow/status/json.hpp"

#include <span>

#include "mod_wsflow/base/rfc3339.hpp"
#include "mod_wsflow/status/json_counts.hpp"
#include "mod_wsflow/status/json_limits.hpp"
#include "mod_wsflow/status/json_measured.hpp"
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
  number(writer, "generation", model.generation);
  text(writer, "time", base::rfc3339(model.now_us));
  text(writer, "nonce", model.nonce);
  tunnels(writer, model, entries);
  for (const auto* name : {"relayed", "close_codes", "pings"})
    write_object(writer, model.snapshot.sums, entries, name);
  measured(writer, model);
  write_object(writer, model.snapshot.sums, entries, "log");
  number(writer, "keepers", model.keepers());
  write_limits(writer, model.limits);
  routes(writer, model);
  processes(writer, model, entries_in(entries, "relayed"));
  connections(writer, model);
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace wsflow::status
