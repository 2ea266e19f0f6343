#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "mod_wsflow/base/slow_start.hpp"

namespace wsflow::base {

// A member of a balancer that may get the next request.
struct Candidate {
  std::uint64_t load = 0;    // tunnels and requests
  std::uint32_t weight = 1;  // in relation to the others'; 0 counts as 1
  std::int64_t since = 0;    // in use since then, as note_use() has it
};

// The index of the candidate with the least load in relation to its weight, among those that `slow_start`
// does not hold back. Those that are equal are chosen by chance, by their weights. `random`: 64 bits, of
// which one half decides who is held back and the other one between equals. There is one candidate at least.
std::size_t choose(std::span<const Candidate> candidates, const SlowStart& slow_start,
                   std::uint64_t random) noexcept;

}  // namespace wsflow::base
