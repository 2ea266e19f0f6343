#pragma once

#include <span>

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// What users read about a directive. The commands that httpd gets, docs/mod_wsflow.md and
// conf.d/wsflow-reference.conf are checked against this table.
struct Directive {
  const char* name;
  const char* syntax;
  const char* default_value;
  const char* context;  // as httpd's manual writes it
  const char* help;
};
std::span<const Directive> directives() noexcept;

// The same directives for httpd; ends with a null entry.
extern const command_rec kCommands[];

}  // namespace wsflow::httpd
