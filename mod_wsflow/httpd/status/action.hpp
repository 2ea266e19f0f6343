#pragma once

#include <optional>
#include <string>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/status/html_confirm.hpp"

namespace wsflow::httpd {

// The answer to an action.
struct ActionAnswer {
  int status = HTTP_OK;
  std::string text{};                          // with 200 the JSON, else the error
  const char* anchor = "";                     // the section of the page that shows the change
  std::optional<status::Question> question{};  // to be answered before anything is done
};

inline constexpr const char* kTooManyJobs =
    "16 other orders are being worked off: wait until one is done, or give no pace";

// Texts of an action, and the user who acts, escaped for log lines. In the pool of `r`.
inline const char* escaped(request_rec* r, const std::string& text) {
  return ap_escape_logitem(r->pool, text.c_str());
}
inline const char* actor(request_rec* r) {
  return r->user != nullptr ? ap_escape_logitem(r->pool, r->user) : "an unnamed user";
}

}  // namespace wsflow::httpd
