#include "mod_wsflow/httpd/request/expression_text.hpp"

#include "mod_wsflow/httpd/request/sent_fields.hpp"

namespace wsflow::httpd {

ExpressionText evaluate(request_rec* r, const ap_expr_info_t* expression) noexcept {
  const JudgedByFields fields(r);
  const char* error = nullptr;
  const char* unreadable = nullptr;
  const char* result = nullptr;
  ap_regmatch_t matches[AP_MAX_REG_MATCH];
  const char* source = nullptr;
  ap_expr_eval_ctx_t context{};
  context.r = r;
  context.c = r->connection;
  context.s = r->server;
  context.p = r->pool;
  context.err = &error;
  context.info = expression;
  context.re_nmatch = AP_MAX_REG_MATCH;
  context.re_pmatch = matches;
  context.re_source = &source;
  context.result_string = &result;
  context.data = &unreadable;
  if (ap_expr_exec_ctx(&context) <= 0 || result == nullptr)
    return {.text = nullptr, .error = error != nullptr ? error : "it gives no text"};
  if (unreadable != nullptr) return {.text = nullptr, .error = unreadable};
  return {.text = result, .error = nullptr};
}

}  // namespace wsflow::httpd
