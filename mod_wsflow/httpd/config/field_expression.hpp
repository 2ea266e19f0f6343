#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Expressions of ours that give a text of a request (key=, until=).

// One, where it stands. For the checks at the start.
struct FieldExpression {
  const char* text;
  const ap_directive_t* line;
};

// Parses one; nullptr with an error message if it is none.
const ap_expr_info_t* parse_expression(cmd_parms* cmd, const char* text, const char** error) noexcept;

}  // namespace wsflow::httpd
