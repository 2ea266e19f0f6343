#pragma once

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace wsflow::status {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

// A key and its value each. Not inline: RapidJSON's code for a key is long.

void write_key(Writer& writer, std::string_view key);
// A key whose value is an object, which writer.EndObject() ends.
void begin_object(Writer& writer, std::string_view key);
void number(Writer& writer, std::string_view key, std::uint64_t value);
// With six places behind the point; JSON has no word for what is no number.
void real(Writer& writer, std::string_view key, double value);
void flag(Writer& writer, std::string_view key, bool value);
void text(Writer& writer, std::string_view key, std::string_view value);
// `null` for an empty text.
void text_or_null(Writer& writer, std::string_view key, std::string_view value);
void number_or_null(Writer& writer, std::string_view key, std::optional<std::uint64_t> value);

}  // namespace wsflow::status
