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

struct ExpressionText {
  const char* text;   // empty: the expression gives nothing; nullptr: it failed
  const char* error;  // why it failed
};
// Of the fields that the client sent, and of what modules other than mod_headers made of them. A function of
// the expression that cannot read what it is given makes it fail; httpd's own would give nothing. The thread
// that has the request.
ExpressionText evaluate(request_rec* r, const ap_expr_info_t* expression) noexcept;

}  // namespace wsflow::httpd
