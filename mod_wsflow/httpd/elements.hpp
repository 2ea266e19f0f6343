#pragma once

#include <span>

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// The elements of an APR array; empty for nullptr.
template <class Element>
std::span<Element> elements(const apr_array_header_t* array) noexcept {
  if (array == nullptr) return {};
  return {static_cast<Element*>(static_cast<void*>(array->elts)), static_cast<std::size_t>(array->nelts)};
}

}  // namespace wsflow::httpd
