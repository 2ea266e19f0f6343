#include "mod_wsflow/status/json_writer.hpp"

#include <cmath>

#include "mod_wsflow/base/utf8.hpp"

namespace wsflow::status {

void write_key(Writer& writer, std::string_view key) {
  writer.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
}

void begin_object(Writer& writer, std::string_view name) {
  write_key(writer, name);
  writer.StartObject();
}

void number(Writer& writer, std::string_view name, std::uint64_t value) {
  write_key(writer, name);
  writer.Uint64(value);
}

void real(Writer& writer, std::string_view name, double value) {
  constexpr double kPlaces = 1e6;
  write_key(writer, name);
  writer.Double(std::isfinite(value) ? std::round(value * kPlaces) / kPlaces : 0.0);
}

void flag(Writer& writer, std::string_view name, bool value) {
  write_key(writer, name);
  writer.Bool(value);
}

void text(Writer& writer, std::string_view name, std::string_view value) {
  const auto valid = base::valid_utf8(value);
  write_key(writer, name);
  writer.String(valid.data(), static_cast<rapidjson::SizeType>(valid.size()));
}

void text_or_null(Writer& writer, std::string_view name, std::string_view value) {
  if (!value.empty()) return text(writer, name, value);
  write_key(writer, name);
  writer.Null();
}

void number_or_null(Writer& writer, std::string_view name, std::optional<std::uint64_t> value) {
  if (value) return number(writer, name, *value);
  write_key(writer, name);
  writer.Null();
}

}  // namespace wsflow::status
