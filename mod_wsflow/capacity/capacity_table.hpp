#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mod_wsflow/capacity/facts.hpp"

namespace wsflow::capacity {

// The one table of what limits the tunnels of an httpd. docs/doctor.md has the same rows
// (t/checks/capacity.py).

enum class Effect : std::uint8_t {
  refuses,  // what comes beyond it gets no tunnel
  hurts,    // tunnels are there, but are slower, harder to see, or moved
};
std::string_view name(Effect effect) noexcept;

// A line to write.
struct Advice {
  std::string where;  // file, or file:line of the line that it replaces
  std::string line;
  std::string note;  // a sentence; may be empty
  std::string then;  // what makes it count
};

struct Row {
  std::string_view name;  // as JSON and the manual have it
  std::string_view what;
  Effect effect;
  // How many tunnels of the whole server it lets be; nothing: it is no bound, or not known.
  Count (*carried)(const Facts& facts);
  // The numbers behind it. Pre: `carried` gives a number.
  std::string (*because)(const Facts& facts);
  // What to write for so many tunnels; empty: no line helps. Pre: `carried` gives less.
  std::vector<Advice> (*advice)(const Facts& facts, std::uint64_t wanted);
};
std::span<const Row> rows() noexcept;

// A row, and what it says of one server.
struct Finding {
  const Row* row;
  std::uint64_t carried;
};
// What is known: first what refuses, then what hurts, each with the fewest tunnels first.
std::vector<Finding> examine(const Facts& facts);

// The first that refuses; nullptr: none is known. `findings`: of examine().
const Finding* first_limit(std::span<const Finding> findings) noexcept;

}  // namespace wsflow::capacity
