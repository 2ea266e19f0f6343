#pragma once

#include <string>

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// What became of an action.
struct ActionAnswer {
  int status = HTTP_OK;
  std::string text{};       // of 200 the JSON, else what is wrong
  const char* anchor = "";  // of the page: where it shows what was done
};

inline constexpr const char* kTooManyJobs =
    "16 other orders are being worked off: wait until one is done, or give no pace";

// For the log lines of actions: who acts, and texts of theirs. In the pool of `r`.
inline const char* escaped(request_rec* r, const std::string& text) {
  return ap_escape_logitem(r->pool, text.c_str());
}
inline const char* actor(request_rec* r) {
  return r->user != nullptr ? ap_escape_logitem(r->pool, r->user) : "an unnamed user";
}

}  // namespace wsflow::httpd
