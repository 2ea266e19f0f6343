#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace wsflow::status {

// The forms of actions.

// Of a form, as it was sent.
struct Field {
  std::string_view name;
  std::string_view value;
};

// The value of a field; empty if there is none.
std::string_view value_of(std::span<const Field> fields, std::string_view name) noexcept;

// What is wrong with the fields that every action has (nonce, action, from, back), or with the names of the
// others; empty if nothing is. `own`: the names of this action's other fields.
std::string wrong_field(std::span<const Field> fields, std::span<const std::string_view> own);

// What is wrong with the first value that cannot choose tunnels; empty if none is. A value with a byte 0, and
// an empty one, but from the page, which sends its empty inputs too: what a script has left empty by mistake
// must not mean more tunnels.
std::string unfit_text(std::span<const Field> fields);

// A field for a message: "name=value", both shortened.
std::string said(const Field& field);

// The value of a field as a whole number; `otherwise` if there is no such field or it is empty. Nothing if it
// is wrong: then `wrong` says so.
std::optional<int> number_of(std::span<const Field> fields, std::string_view name, int least, int most,
                             int otherwise, std::string& wrong);
// Likewise as a Close code that may be sent.
std::optional<int> code_of(std::span<const Field> fields, int otherwise, std::string& wrong);

}  // namespace wsflow::status
