#pragma once

#include <span>
#include <string>
#include <string_view>

#include "mod_wsflow/limits/definitions.hpp"
#include "mod_wsflow/status/form.hpp"

namespace wsflow::status {

// The action "limit": which limit it changes, and what of it.
struct LimitAction {
  std::string_view limit;
  limits::Change change;
};

// The action of a form, or which of its fields is wrong and what is legal.
base::Parsed<LimitAction> read_limit_action(std::span<const Field> fields);

// Why a limit with this definition cannot have the change; empty: it can.
std::string out_of_place(const limits::Change& change, const limits::LimitDefinition& definition);

// "concurrency 20 to 40, rate off to 10/s"
std::string told(const limits::Change& change, const limits::LimitSettings& before);

}  // namespace wsflow::status
