#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "mod_wsflow/limits/definitions.hpp"
#include "mod_wsflow/status/form.hpp"

namespace wsflow::status {

// The action "limit": what it changes, and of which.
struct LimitAction {
  std::string_view limit;
  limits::Change change;
};

// Nothing if the fields are wrong: then `wrong` says which of them, and what is legal.
std::optional<LimitAction> read_limit_action(std::span<const Field> fields, std::string& wrong);

// What this limit's definition has against it; empty if nothing.
std::string out_of_place(const limits::Change& change, const limits::LimitDefinition& definition);

// "concurrency 20 to 40, rate off to 10/s"
std::string told(const limits::Change& change, const limits::LimitSettings& before);

}  // namespace wsflow::status
