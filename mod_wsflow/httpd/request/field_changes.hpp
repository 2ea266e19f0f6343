#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Compares and merges tables of fields. Never changes a table.

// True if both have the same fields in the same order.
bool same_fields(const apr_table_t* one, const apr_table_t* other) noexcept;
// `fields`, with the values of `after` for each name whose values differ between `before` and `after`.
// Returns `fields` itself, or a table in `pool` with borrowed values.
apr_table_t* with_changes(apr_pool_t* pool, apr_table_t* fields, const apr_table_t* before,
                          const apr_table_t* after) noexcept;

}  // namespace wsflow::httpd
