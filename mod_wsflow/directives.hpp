#pragma once

#include <span>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/status/html_manual.hpp"

namespace wsflow::httpd {

// The directives as the module record wants them: the first member is an array that ends with a null entry.
// Only directives.cpp knows how many there are.
struct CommandList;
extern const CommandList kCommands;

// The same directives, as users read them.
std::span<const status::DirectiveText> directive_texts() noexcept;

}  // namespace wsflow::httpd
