#pragma once

#include <thread>

namespace wsflow::os {

// Sets the name of a thread in top and gdb; at most 15 characters.
void name_thread(std::thread& thread, const char* name) noexcept;

}  // namespace wsflow::os
