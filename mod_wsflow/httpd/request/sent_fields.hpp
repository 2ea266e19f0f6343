#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// The fields by which the module judges a request: the client's, without the changes of RequestHeader, which
// are for the origin, but with the changes of other modules (a module that authenticates removes a forged
// field and sets its own). Kept if the configuration has something that judges by fields; else headers_in
// serves as well. docs/internals/sent-fields.md.

// Hooks: ahead of and behind mod_headers when a request has been read (`early`), and ahead of mod_headers'
// fixups.
int before_early_headers(request_rec* r) noexcept;
int behind_early_headers(request_rec* r) noexcept;
int before_headers(request_rec* r) noexcept;

// The field as the client itself sent it; nullptr: not sent. For an internal redirect, the field of the
// client's own request. The thread that has the request.
const char* sent_field(const request_rec* r, const char* name) noexcept;
// The fields that keys of limits, until= and logs see.
const apr_table_t* judged_fields(const request_rec* r) noexcept;

// Puts judged_fields() in place of headers_in as long as it lives: expressions read headers_in alone.
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
