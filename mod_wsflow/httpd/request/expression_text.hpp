#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// The text that an expression of ours (key=, until=) gives for a request.
struct ExpressionText {
  const char* text;   // empty: the expression gives nothing; nullptr: it failed
  const char* error;  // why it failed
};
// Evaluates an expression on the client's fields, as modules other than mod_headers have changed them. Fails
// if a function of the expression cannot read its argument; httpd's own evaluation would give nothing. The
// thread that has the request.
ExpressionText evaluate(request_rec* r, const ap_expr_info_t* expression) noexcept;

}  // namespace wsflow::httpd
