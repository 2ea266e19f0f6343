#include "mod_wsflow/status/json_action.hpp"

#include "mod_wsflow/status/json_writer.hpp"

namespace wsflow::status {

std::string to_json(const TunnelsEnded& done) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  flag(writer, "ok", true);
  number(writer, "matched", done.matched);
  number(writer, "told", done.told);
  number(writer, "pace", static_cast<std::uint64_t>(done.pace));
  if (done.drained) flag(writer, "drained", *done.drained);
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace wsflow::status
