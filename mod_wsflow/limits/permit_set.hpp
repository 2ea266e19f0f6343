#pragma once

#include <vector>

#include "mod_wsflow/limits/table.hpp"

namespace wsflow::limits {

// A set of permits.
class PermitSet {
 public:
  void insert(PermitRef ref) { marked_[ref.number()] = true; }
  bool contains(PermitRef ref) const noexcept { return ref.number() < kPermits && marked_[ref.number()]; }

 private:
  std::vector<bool> marked_ = std::vector<bool>(kPermits);  // by number
};

}  // namespace wsflow::limits
