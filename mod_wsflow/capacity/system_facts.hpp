#pragma once

#include <optional>
#include <string>

#include "mod_wsflow/capacity/facts.hpp"

namespace wsflow::capacity {

// Where the machine's numbers are read from: the machine, or a test.
class Files {
 public:
  Files() = default;
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;
  // The text of a file; nothing: it cannot be read.
  virtual std::optional<std::string> read(const std::string& path) const = 0;

 protected:
  ~Files() = default;
};

// Fills in what the machine says, and the control groups of process `pid`, 0 being the one that asks. What
// cannot be read stays unknown.
void add_machine(Facts& facts, const Files& files, std::int64_t pid);

// The hard limit of descriptors of a process; nothing: it cannot be read.
Count descriptors_of(const Files& files, std::int64_t pid);

}  // namespace wsflow::capacity
