#include "mod_wsflow/httpd/config/field_expression.hpp"

#include <new>

#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/log.hpp"

namespace wsflow::httpd {

namespace {

// Functions that give nothing where they cannot read their argument, without a word.
constexpr const char* kReaders[] = {"unescape", "unbase64"};

// One of them, as it is called in our expressions.
struct Reader {
  ap_expr_string_func_t* function;
  const void* data;
  const char* error;
};

const char* read(ap_expr_eval_ctx_t* context, const void* data, const char* argument) noexcept {
  const auto& reader = *static_cast<const Reader*>(data);
  const char* text = reader.function(context, reader.data, argument);
  const bool failed = argument != nullptr && *argument != '\0' && (text == nullptr || *text == '\0');
  // Not by the context's own `err`: httpd would write a line for each.
  if (failed && context->data != nullptr) *static_cast<const char**>(context->data) = reader.error;
  return text;
}

int look_up(ap_expr_lookup_parms* parms) noexcept {
  const int result = ap_expr_lookup_default(parms);
  if (result != OK || parms->type != AP_EXPR_FUNC_STRING) return result;
  for (const char* name : kReaders) {
    if (ap_cstr_casecmp(parms->name, name) != 0) continue;
    auto* function = reinterpret_cast<ap_expr_string_func_t*>(const_cast<void*>(*parms->func));
    const char* error = apr_pstrcat(parms->pool, name, " cannot read what it is given", nullptr);
    *parms->data = ::new (apr_palloc(parms->pool, sizeof(Reader))) Reader{function, *parms->data, error};
    *parms->func = reinterpret_cast<const void*>(&read);
  }
  return OK;
}

}  // namespace

const ap_expr_info_t* parse_expression(cmd_parms* cmd, const char* text, const char** error) noexcept {
  keep_sent_fields();
  auto*& known = config_of(ap_server_conf).field_expressions;
  if (known == nullptr) known = apr_array_make(cmd->pool, 4, sizeof(FieldExpression));
  APR_ARRAY_PUSH(known, FieldExpression) = {.text = text, .line = cmd->directive};
  // An answer does not depend on the fields that a limit or the end of a tunnel is made of.
  constexpr unsigned kFlags = AP_EXPR_FLAG_STRING_RESULT | AP_EXPR_FLAG_DONT_VARY;
  return ap_expr_parse_cmd(cmd, text, kFlags, error, look_up);
}

}  // namespace wsflow::httpd
