#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "mod_wsflow/base/parsed.hpp"

namespace wsflow::status {

// The forms of actions.

// A field of a form, as it was sent.
struct Field {
  std::string_view name;
  std::string_view value;
};

// The value of a field; empty if there is none.
std::string_view value_of(std::span<const Field> fields, std::string_view name) noexcept;

// A field for a message: "name=value", both shortened.
std::string said(const Field& field);
// "name=value: legal is ..."
base::Wrong not_legal(const Field& field, std::string_view legal);

// What is wrong with the fields that every action has (nonce, action, from, back, confirmed), or with the
// names of the others; nothing if all are right. `own`: the names of this action's other fields.
std::optional<base::Wrong> wrong_field(std::span<const Field> fields, std::span<const std::string_view> own);

// What is wrong with the first value that cannot choose tunnels; nothing if all can. A value with a byte 0
// cannot, nor can an empty one: what a script has left empty by mistake must not mean more tunnels. The page
// may leave values empty: it sends its empty inputs too.
std::optional<base::Wrong> unfit_text(std::span<const Field> fields);

// True if the page must ask before it acts: its form comes for the first time.
bool asks_first(std::span<const Field> fields) noexcept;

// The value of a field as a whole number; `otherwise` if there is no such field or it is empty.
base::Parsed<int> number_of(std::span<const Field> fields, std::string_view name, int least, int most,
                            int otherwise);
// The value of the field "code" as a Close code that may be sent; `otherwise` if there is none or it is
// empty.
base::Parsed<int> code_of(std::span<const Field> fields, int otherwise);

}  // namespace wsflow::status
