#pragma once

#include <cstdint>
#include <type_traits>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/limits/limiter.hpp"

namespace wsflow::httpd {

// Limits in the configuration. All of it lives in pconf and is written by the parent alone, until the
// children start, but for `place`.

// One limit: made where its name is mentioned first, filled where it is defined.
struct LimitConfig {
  limits::LimitDefinition definition;
  const ap_expr_info_t* key;   // nullptr: no key=
  const char* key_text;        // as configured; nullptr: no key=
  int ipv6_prefix;             // bits; 128: addresses as they are
  bool show_key;               // operators may see what the key is
  int status;                  // of a refusal
  int retry_after;             // seconds; 0: as measured
  const char* where;           // file:line of its definition; nullptr: it is only mentioned
  limits::LimitHandle handle;  // in the shared table; each process finds it for itself (LimitNumbers)
};

// A limit that applies in some place.
struct AppliedLimit {
  const LimitConfig* rule;
  bool off;           // it is lifted here
  const char* where;  // file:line
};

// A section, or the outside of all sections of a server, with limits of its own.
struct LimitSection {
  const server_rec* server;
  apr_array_header_t* uses;  // of AppliedLimit
  const char* section;       // "<Location" and the like; empty: outside of all
  const char* path;          // of the section; nullptr: outside of all
};
static_assert(std::is_trivially_destructible_v<LimitConfig> &&
              std::is_trivially_destructible_v<AppliedLimit> &&
              std::is_trivially_destructible_v<LimitSection>);

}  // namespace wsflow::httpd
