#include "mod_wsflow/presence/change_line.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "mod_wsflow/base/rfc3339.hpp"
#include "mod_wsflow/base/utf8.hpp"

namespace wsflow::presence {

namespace {

// Bytes of a route that a line shows; JSON may need six for each.
constexpr std::size_t kLongestRoute = 400;

}  // namespace

std::string change_line(const Change& change, std::string_view node) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer writer(buffer);
  const auto text = [&writer](const char* key, std::string_view value) {
    writer.Key(key);
    const auto valid = base::valid_utf8(value);
    writer.String(valid.data(), static_cast<rapidjson::SizeType>(valid.size()));
  };
  writer.StartObject();
  writer.Key("id");
  writer.Uint64(change.number);
  text("event", change.joined ? "join" : "leave");
  text("time", base::rfc3339(change.at));
  text("list", change.name);
  text("route", std::string_view(change.route).substr(0, kLongestRoute));
  text("key", change.key);
  text("session", base::rfc3339(change.session));
  text("node", node);
  writer.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize()) + "\n";
}

}  // namespace wsflow::presence
