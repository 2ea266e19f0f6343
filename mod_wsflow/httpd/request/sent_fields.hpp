#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// The fields of a request that judgements are made by: what its client sent, whatever RequestHeader makes of
// it for the origin, and what other modules put there (a module that authenticates takes out what a client
// forged, and sets what it has found). Kept where the configuration has something that judges, else
// headers_in is as good. docs/internals/sent-fields.md.

// Hooks: at the reading of a request ahead of and behind mod_headers (`early`), and ahead of its fixups.
int before_early_headers(request_rec* r) noexcept;
int behind_early_headers(request_rec* r) noexcept;
int before_headers(request_rec* r) noexcept;

// As its client sent it, and nobody else; nullptr: it did not. Of an internal redirect, the client's own
// request counts. The thread that has the request.
const char* sent_field(const request_rec* r, const char* name) noexcept;
// What the keys of limits, until= and logs see.
const apr_table_t* judged_fields(const request_rec* r) noexcept;

// As long as it lives, headers_in is what judged_fields() gives. For expressions, which know nothing else.
class JudgedByFields {
 public:
  explicit JudgedByFields(request_rec* r) noexcept;
  ~JudgedByFields() { r_->headers_in = for_origin_; }
  JudgedByFields(const JudgedByFields&) = delete;
  JudgedByFields& operator=(const JudgedByFields&) = delete;

 private:
  request_rec* r_;           // borrowed
  apr_table_t* for_origin_;  // borrowed from the request
};

}  // namespace wsflow::httpd
