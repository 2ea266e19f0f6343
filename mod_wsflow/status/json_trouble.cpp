#include "mod_wsflow/status/json_trouble.hpp"

#include "mod_wsflow/status/trouble.hpp"

namespace wsflow::status {

void write_trouble(Writer& writer, const Model& model) {
  write_key(writer, "trouble");
  writer.StartArray();
  for (const auto& each : troubles(model)) {
    writer.StartObject();
    flag(writer, "bad", each.bad);
    text(writer, "what", each.what);
    text_or_null(writer, "more", each.more);
    text(writer, "part", each.part);
    writer.EndObject();
  }
  writer.EndArray();
}

}  // namespace wsflow::status
