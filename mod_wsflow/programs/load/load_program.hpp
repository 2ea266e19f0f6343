#pragma once

#include <span>

namespace wsflow::load {

// The program: its words without its name. Returns the exit status.
int load_program(std::span<const char* const> words);

}  // namespace wsflow::load
