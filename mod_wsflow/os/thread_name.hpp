#pragma once

#include <thread>

namespace wsflow::os {

// How top and gdb show a thread: at most 15 characters.
void name_thread(std::thread& thread, const char* name) noexcept;

}  // namespace wsflow::os
