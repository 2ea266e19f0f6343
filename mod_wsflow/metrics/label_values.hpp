#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "mod_wsflow/base/outcome.hpp"
#include "mod_wsflow/shm/layout.hpp"

namespace wsflow::metrics {

enum class Direction : std::uint8_t { client_to_origin, origin_to_client };
inline constexpr std::size_t kDirections = 2;
const char* name(Direction direction) noexcept;
const char* sender_name(std::size_t direction) noexcept;  // "client" or "origin"

// The opcodes of RFC 6455. All others are reserved.
enum class OpcodeClass : std::size_t { continuation, text, binary, close, ping, pong, reserved };
inline constexpr std::size_t kOpcodeClasses = 7;
const char* opcode_class_name(std::size_t index) noexcept;

// Classes of Close codes: 1000 to 1015 one by one, then 3xxx, 4xxx, other.
enum class CloseClass : std::uint8_t {};
inline constexpr std::size_t kCloseCodes = shm::kCloseCodes;
inline constexpr const char* kCloseNames[kCloseCodes] = {
    "1000", "1001", "1002", "1003", "1004", "1005", "1006", "1007", "1008", "1009",
    "1010", "1011", "1012", "1013", "1014", "1015", "3xxx", "4xxx", "other"};
constexpr CloseClass close_class(std::uint16_t code) noexcept {
  if (code >= 1000 && code <= 1015) return CloseClass(code - 1000);
  if (code >= 3000 && code <= 3999) return CloseClass{16};
  return code >= 4000 && code <= 4999 ? CloseClass{17} : CloseClass{18};
}
const char* close_code_name(std::size_t index) noexcept;

// How many values a type has that indexes counters.
template <class Value>
inline constexpr std::size_t kValues = 0;
template <>
inline constexpr std::size_t kValues<base::Outcome> = base::kOutcomes;
template <>
inline constexpr std::size_t kValues<base::HandshakeRefusal> = base::kHandshakeRefusals;
template <>
inline constexpr std::size_t kValues<Direction> = kDirections;
template <>
inline constexpr std::size_t kValues<OpcodeClass> = kOpcodeClasses;
template <>
inline constexpr std::size_t kValues<CloseClass> = kCloseCodes;

const char* outcome_name(std::size_t index) noexcept;
const char* direction_name(std::size_t index) noexcept;
const char* result_name(std::size_t index) noexcept;  // "upgraded" or the name of a HandshakeRefusal

// A label of counters: its name, and all values that it can have, by index.
struct Label {
  const char* name;
  std::size_t count;
  const char* (*value)(std::size_t index) noexcept;
};
inline constexpr Label kLabels[] = {
    {"outcome", base::kOutcomes, outcome_name}, {"result", base::kHandshakeRefusals + 1, result_name},
    {"direction", kDirections, direction_name}, {"opcode", kOpcodeClasses, opcode_class_name},
    {"from", kDirections, sender_name},         {"peer", kDirections, sender_name},
    {"code", kCloseCodes, close_code_name},
};
// No name of a label: `count` is 0.
inline constexpr Label kNoLabel{"", 0, [](std::size_t) noexcept { return ""; }};
constexpr const Label& label(std::string_view name) noexcept {
  for (const auto& label : kLabels) {
    if (label.name == name) return label;
  }
  return kNoLabel;
}
// How many combinations of values these labels have, comma separated; 1 without labels, 0 if one is no label.
constexpr std::size_t combinations(std::string_view labels) noexcept {
  std::size_t count = 1;
  while (!labels.empty()) {
    const auto name = labels.substr(0, labels.find(','));
    count *= label(name).count;
    labels.remove_prefix(name.size() < labels.size() ? name.size() + 1 : name.size());
  }
  return count;
}

}  // namespace wsflow::metrics
