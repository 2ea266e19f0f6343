#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Memory of the process pool that outlives reloads, which unload the module. Zeroed at first; one object for
// each `key`. Parent; children have a copy.
template <class T>
T& retained(const char* key) noexcept {
  auto* found = ap_retained_data_get(key);
  if (found == nullptr) found = ap_retained_data_create(key, sizeof(T));
  return *static_cast<T*>(found);
}

}  // namespace wsflow::httpd
