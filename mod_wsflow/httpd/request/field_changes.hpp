#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Tables of fields, compared and put together. Nothing of them is changed.

// Whether they have the same fields in the same order.
bool same_fields(const apr_table_t* one, const apr_table_t* other) noexcept;
// `fields`, but the names whose values differ between `before` and `after`, which are as in `after`. May be
// `fields` itself; else made in `pool`, and its values are borrowed.
apr_table_t* with_changes(apr_pool_t* pool, apr_table_t* fields, const apr_table_t* before,
                          const apr_table_t* after) noexcept;

}  // namespace wsflow::httpd
