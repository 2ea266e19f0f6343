#include "mod_wsflow/status/json_presence.hpp"

#include "mod_wsflow/base/rfc3339.hpp"
#include "mod_wsflow/status/json_counts.hpp"

namespace wsflow::status {

namespace {

constexpr double kSecond = 1'000'000;

// Empty: never.
std::string time_of(presence::Time time) {
  return time != 0 ? base::rfc3339(time) : std::string();
}

void store(Writer& writer, const PresenceModel& presence) {
  write_key(writer, "store");
  if (!presence.store) {
    writer.Null();
    return;
  }
  const auto& view = *presence.store;
  writer.StartObject();
  text(writer, "driver", presence.driver);
  text(writer, "node", presence.node);
  text_or_null(writer, "error", view.error);
  text_or_null(writer, "failing_since", time_of(view.failing_since));
  text_or_null(writer, "asked_at", time_of(view.asked_at));
  text_or_null(writer, "stored_at", time_of(view.stored_at));
  writer.EndObject();
}

void cluster(Writer& writer, const presence::StoreView& view) {
  begin_object(writer, "cluster");
  text_or_null(writer, "at", time_of(view.reported_at));
  number(writer, "keys", view.keys);
  number(writer, "sockets", view.sockets);
  writer.EndObject();
  write_key(writer, "nodes");
  writer.StartArray();
  for (const auto& node : view.nodes) {
    writer.StartObject();
    text(writer, "node", node.node);
    number(writer, "processes", node.processes);
    text_or_null(writer, "renewed", time_of(node.renewed));
    real(writer, "lease_left_s", static_cast<double>(node.left) / kSecond);
    number(writer, "keys", node.keys);
    number(writer, "sockets", node.sockets);
    writer.EndObject();
  }
  writer.EndArray();
}

void found(Writer& writer, const presence::Search& search) {
  write_key(writer, "found");
  writer.StartArray();
  const bool over = search.over;
  for (const auto& session : over ? search.found : std::vector<presence::FoundSession>()) {
    writer.StartObject();
    text(writer, "list", session.name);
    text_or_null(writer, "route", session.route);
    text(writer, "key", session.key);
    text_or_null(writer, "joined", time_of(session.joined));
    text_or_null(writer, "ended", time_of(session.ended));
    number(writer, "sockets", session.sockets);
    number(writer, "most", session.most);
    number(writer, "bytes", session.bytes);
    writer.EndObject();
  }
  writer.EndArray();
  text_or_null(writer, "found_error", over ? search.error : kNoAnswer);
}

}  // namespace

void write_presence(Writer& writer, const Model& model, std::span<const Entry> entries) {
  const auto& presence = model.presence;
  begin_object(writer, "presence");
  number(writer, "keys", presence.keys);
  number(writer, "sockets", presence.sockets);
  number(writer, "waiting", presence.waiting);
  real(writer, "lag_s", static_cast<double>(presence.lag_us) / kSecond);
  number(writer, "failing", presence.failing);
  write_entries(writer, model.snapshot.sums, entries);
  store(writer, presence);
  cluster(writer, presence.store.value_or(presence::StoreView{}));
  if (presence.search) found(writer, *presence.search);
  writer.EndObject();
}

}  // namespace wsflow::status
