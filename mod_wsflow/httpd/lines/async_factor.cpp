#include "mod_wsflow/httpd/lines/async_factor.hpp"

#include <cstdlib>

#include "mod_wsflow/httpd/lines/config_tree.hpp"

namespace wsflow::httpd {

double async_factor() noexcept {
  const auto* line = last_line(ap_conftree, "AsyncRequestWorkerFactor");
  return line != nullptr ? std::strtod(line->args, nullptr) : 2;
}

}  // namespace wsflow::httpd
