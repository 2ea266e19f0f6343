#pragma once

#include "mod_wsflow/httpd/config/server_config.hpp"

namespace wsflow::httpd {

struct KeyParse {
  bool known = false;           // `word` was one of the keys
  const char* error = nullptr;  // what is wrong with its value and what is legal, or nullptr
};
// Parses one "key=value" of WSFlowDrain into `drain`.
KeyParse parse_drain_key(apr_pool_t* pool, const char* word, DrainSettings& drain) noexcept;

}  // namespace wsflow::httpd
