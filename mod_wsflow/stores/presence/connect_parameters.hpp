#pragma once

struct apr_pool_t;

namespace wsflow::presence {

// What is wrong with the operator's parameters, as a literal, or nullptr.
const char* check_pgsql_parameters(const char* parameters) noexcept;
const char* check_sqlite_parameters(const char* parameters) noexcept;

// A keyword string with our defaults in front of what the operator says, which counts: of a keyword that
// stands twice, libpq takes the last. A URI stays as it is.
const char* with_pgsql_defaults(apr_pool_t* pool, const char* parameters) noexcept;

// libpq quotes the parameters that it cannot read, and a password may be among them.
bool may_quote_parameters(const char* reason) noexcept;

}  // namespace wsflow::presence
