#pragma once

#include <string>
#include <string_view>

#include "mod_wsflow/base/parsed.hpp"
#include "mod_wsflow/limits/limit_definition.hpp"

namespace wsflow::config {

// What a WSFlowLimit says.
struct LimitDirective {
  enum class Kind : std::uint8_t { define, use, lift };

  Kind kind = Kind::use;
  limits::LimitDefinition definition;  // its name always; all else of it for `define`
  std::string key;                     // the expression; empty: none
  int ipv6_prefix = 128;               // bits; 128: addresses as they are
  bool show_key = false;
  int status = 503;
  int retry_after = 0;  // seconds; 0: as measured
};
base::Parsed<LimitDirective> parse_limit(std::string_view arguments);

}  // namespace wsflow::config
