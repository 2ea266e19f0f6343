#pragma once

#include <span>
#include <string>
#include <string_view>

namespace wsflow::status {

// A directive, as users read it.
struct DirectiveText {
  std::string_view name;
  std::string_view syntax;
  std::string_view default_value;
  std::string_view context;  // where it may stand
  std::string_view help;     // what it sets, in a line
};

// The page of the directives, each with an anchor of its name. It has no script.
std::string to_manual(std::span<const DirectiveText> directives, std::string_view version);

}  // namespace wsflow::status
