#include "mod_wsflow/httpd/request/foreign_filter.hpp"

#include <algorithm>
#include <string_view>

namespace wsflow::httpd {

namespace {

// Connection filters that hold nothing back for longer than a call and that a tunnel can do without. Names
// are in lower case, as httpd keeps them.
constexpr std::string_view kKnownFilters[] = {
    "core_in",        "core",
    "ssl/tls filter", "ssl/tls coalescing filter",
    "reqtimeout",     "log_input_output",
    "remoteip_input", "qos-in-filter",
    "wsflow_seal",    "wsflow_replay",
};

const char* foreign_in(const ap_filter_t* filter) noexcept {
  for (; filter != nullptr; filter = filter->next) {
    const std::string_view name(filter->frec->name);
    if (std::find(std::begin(kKnownFilters), std::end(kKnownFilters), name) == std::end(kKnownFilters)) {
      return filter->frec->name;
    }
  }
  return nullptr;
}

}  // namespace

const char* foreign_filter(const conn_rec* c) noexcept {
  const char* name = foreign_in(c->input_filters);
  return name != nullptr ? name : foreign_in(c->output_filters);
}

}  // namespace wsflow::httpd
