#pragma once

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>

#include "mod_wsflow/base/utf8.hpp"

namespace wsflow::status {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

inline void number(Writer& writer, const char* key, std::uint64_t value) {
  writer.Key(key);
  writer.Uint64(value);
}

// With six places behind the point; JSON has no word for what is no number.
inline void real(Writer& writer, const char* key, double value) {
  constexpr double kPlaces = 1e6;
  writer.Key(key);
  writer.Double(std::isfinite(value) ? std::round(value * kPlaces) / kPlaces : 0.0);
}

inline void flag(Writer& writer, const char* key, bool value) {
  writer.Key(key);
  writer.Bool(value);
}

inline void text(Writer& writer, const char* key, std::string_view value) {
  const auto valid = base::valid_utf8(value);
  writer.Key(key);
  writer.String(valid.data(), static_cast<rapidjson::SizeType>(valid.size()));
}

// `null` for an empty text.
inline void text_or_null(Writer& writer, const char* key, std::string_view value) {
  if (!value.empty()) return text(writer, key, value);
  writer.Key(key);
  writer.Null();
}

inline void number_or_null(Writer& writer, const char* key, std::optional<std::uint64_t> value) {
  if (value) return number(writer, key, *value);
  writer.Key(key);
  writer.Null();
}

}  // namespace wsflow::status
