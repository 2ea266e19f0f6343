#include "mod_wsflow/status/form.hpp"

#include <algorithm>

#include "mod_wsflow/config/values.hpp"
#include "mod_wsflow/ws/close_code.hpp"

namespace wsflow::status {

namespace {

constexpr std::string_view kCommon[] = {"nonce", "from", "back", "action", "confirmed"};
constexpr std::size_t kMostBack = 2048;  // stands in a text below

bool has(std::span<const std::string_view> names, std::string_view name) noexcept {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string no_such(const Field& field, std::span<const std::string_view> own) {
  std::string text = said(field) + ": there is no such field; legal are ";
  const char* comma = "";
  for (const auto& names : {std::span<const std::string_view>(kCommon), own}) {
    for (const auto name : names) {
      text.append(comma).append(name);
      comma = ", ";
    }
  }
  return text;
}

// A byte of the page's own query string: none by which a Location could lead away, and no line end.
bool may_follow_question_mark(char byte) noexcept {
  constexpr std::string_view kMarks = "-._~%=&+*:/@,;!";
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
         kMarks.find(byte) != std::string_view::npos;
}

}  // namespace

std::string_view value_of(std::span<const Field> fields, std::string_view name) noexcept {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](const Field& field) { return field.name == name; });
  return found != fields.end() ? found->value : std::string_view();
}

std::string said(const Field& field) {
  constexpr std::size_t kMost = 80;
  return std::string(field.name.substr(0, kMost)) + "=" + std::string(field.value.substr(0, kMost));
}

base::Wrong not_legal(const Field& field, std::string_view legal) {
  return {said(field).append(": legal is ").append(legal)};
}

std::optional<base::Wrong> wrong_field(std::span<const Field> fields, std::span<const std::string_view> own) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto& field = fields[i];
    const auto before = fields.first(i);
    if (!has(kCommon, field.name) && !has(own, field.name)) return base::Wrong{no_such(field, own)};
    if (std::any_of(before.begin(), before.end(),
                    [&](const Field& other) { return other.name == field.name; })) {
      return base::Wrong{said(field) + ": the field is there twice"};
    }
    if (field.name == "from" && field.value != "page") return not_legal(field, "page");
    if (field.name == "confirmed" && field.value != "yes") return not_legal(field, "yes");
    if (field.name == "back" &&
        (field.value.size() > kMostBack ||
         !std::all_of(field.value.begin(), field.value.end(), may_follow_question_mark))) {
      return not_legal(field, "a query string of up to 2048 bytes, percent-encoded, without its \"?\"");
    }
  }
  return std::nullopt;
}

std::optional<base::Wrong> unfit_text(std::span<const Field> fields) {
  const bool from_page = value_of(fields, "from") == "page";
  for (const auto& field : fields) {
    if (field.value.empty() && !from_page) return base::Wrong{said(field) + ": it is empty"};
    if (field.value.find('\0') != std::string_view::npos)
      return base::Wrong{said(field) + ": it has a byte 0"};
  }
  return std::nullopt;
}

bool asks_first(std::span<const Field> fields) noexcept {
  return value_of(fields, "from") == "page" && value_of(fields, "confirmed").empty();
}

base::Parsed<int> number_of(std::span<const Field> fields, std::string_view name, int least, int most,
                            int otherwise) {
  const Field field{.name = name, .value = value_of(fields, name)};
  if (field.value.empty()) return otherwise;
  if (const auto value = config::parse_number(field.value, least, most)) return *value;
  return not_legal(field, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
}

base::Parsed<int> code_of(std::span<const Field> fields, int otherwise) {
  const Field field{.name = "code", .value = value_of(fields, "code")};
  if (field.value.empty()) return otherwise;
  const auto value = config::parse_number(field.value, 1000, 4999);
  if (value && ws::may_appear_on_wire(static_cast<std::uint16_t>(*value))) return *value;
  return not_legal(field, "a Close code: 1000 to 1003, 1007 to 1014, or 3000 to 4999");
}

}  // namespace wsflow::status
