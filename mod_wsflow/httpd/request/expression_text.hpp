#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// The text that an expression of ours (key=, until=) gives for a request.
struct ExpressionText {
  const char* text;   // empty: the expression gives nothing; nullptr: it failed
  const char* error;  // why it failed
};
// Of the fields that the client sent, and of what modules other than mod_headers made of them. A function of
// the expression that cannot read what it is given makes it fail; httpd's own would give nothing. The thread
// that has the request.
ExpressionText evaluate(request_rec* r, const ap_expr_info_t* expression) noexcept;

}  // namespace wsflow::httpd
