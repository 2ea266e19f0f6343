#pragma once

#include "mod_wsflow/httpd/lines/config_tree.hpp"

namespace wsflow::httpd {

// A directive of another module that bounds concurrent connections, or requests in progress.
struct Counting {
  const char* module;
  const char* directive;
  bool for_each_client;
};

// The row of a line's directive, if its module is loaded; nullptr: it is none of these.
const Counting* counting_of(const Line& line) noexcept;

}  // namespace wsflow::httpd
