#pragma once

#include <span>

#include "mod_wsflow/presence/batch.hpp"

namespace wsflow::presence {

// Where changes are told to an application.
class ChangeSink {
 public:
  virtual ~ChangeSink() = default;
  // Tells them, in their order; returns how many were told. May wait for some seconds. The writer's thread.
  virtual std::size_t tell(std::span<const Change> changes) noexcept = 0;
};

}  // namespace wsflow::presence
