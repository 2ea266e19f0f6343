#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// The directives as the module record wants them: the first member is an array that ends with a null entry.
// Only directives.cpp knows how many there are.
struct CommandList;
extern const CommandList kCommands;

}  // namespace wsflow::httpd
