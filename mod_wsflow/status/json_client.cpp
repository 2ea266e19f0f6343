#include "mod_wsflow/status/json_client.hpp"

namespace wsflow::status {

namespace {

void limits(Writer& writer, const ClientView& client) {
  write_key(writer, "limits");
  writer.StartArray();
  for (const auto& held : client.limits) {
    writer.StartObject();
    text(writer, "limit", held.limit);
    text(writer, "key", held.key.text);
    number(writer, "permits", held.permits);
    number(writer, "in_use", held.key.in_use);
    number(writer, "waiting", held.key.waiting);
    number(writer, "peak", held.key.peak);
    number(writer, "admitted", held.key.admitted);
    number(writer, "refused", held.key.refused);
    number(writer, "barred_s", held.barred_s);
    writer.EndObject();
  }
  writer.EndArray();
  write_key(writer, "unkeyed_limits");
  writer.StartArray();
  for (const auto& held : client.held) {
    writer.StartObject();
    text(writer, "limit", held.limit);
    number(writer, "in_use", held.count);
    writer.EndObject();
  }
  writer.EndArray();
}

void refusals_of(Writer& writer, const ClientView& client) {
  write_key(writer, "refused_lately");
  if (!client.refused) {
    writer.Null();
    return;
  }
  writer.StartArray();
  for (std::size_t i = 0; i < client.refused->size(); ++i) {
    const auto& each = (*client.refused)[i];
    writer.StartObject();
    number(writer, "minutes_ago", i);
    number(writer, "refused", each.refused);
    text_or_null(writer, "reason", each.refused != 0 ? base::name(each.reason) : "");
    writer.EndObject();
  }
  writer.EndArray();
}

}  // namespace

void write_client(Writer& writer, const Model& model) {
  const auto& client = model.client;
  const auto& asked = model.query.selector;
  if (!client.wanted) {
    write_key(writer, "one_client");
    writer.Null();
    return;
  }
  begin_object(writer, "one_client");
  text_or_null(writer, "client", asked.client);
  text_or_null(writer, "user", asked.user);
  text_or_null(writer, "limit", asked.limit);
  text_or_null(writer, "key", asked.key);
  number(writer, "tunnels", client.tunnels);
  number(writer, "summed", client.summed);
  number(writer, "bytes_from_client", client.bytes[0]);
  number(writer, "bytes_from_origin", client.bytes[1]);
  number(writer, "messages_from_client", client.messages[0]);
  number(writer, "messages_from_origin", client.messages[1]);
  limits(writer, client);
  refusals_of(writer, client);
  writer.EndObject();
}

}  // namespace wsflow::status
