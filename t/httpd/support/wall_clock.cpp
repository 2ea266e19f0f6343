// Put in front of libc (LD_PRELOAD): the wall clock of a process, and of those that it forks, is ahead by as
// many seconds as stand in the file that WSFLOW_WALL_CLOCK_FILE names, at each look. Other clocks are as they
// are.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

namespace {

using Seconds = volatile std::int64_t;

Seconds* ahead = nullptr;  // mapped, so that it outlives every descriptor

__attribute__((constructor)) void map_file() noexcept {
  const char* name = std::getenv("WSFLOW_WALL_CLOCK_FILE");
  const int fd = name != nullptr ? ::open(name, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void* memory = ::mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, fd, 0);
  ::close(fd);
  if (memory != MAP_FAILED) ahead = static_cast<Seconds*>(memory);
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* now) noexcept {
  const auto result = static_cast<int>(::syscall(SYS_clock_gettime, clock, now));
  if (result == 0 && clock == CLOCK_REALTIME && ahead != nullptr) now->tv_sec += *ahead;
  return result;
}

extern "C" int gettimeofday(timeval* now, void*) noexcept {
  timespec exact{};
  const int result = clock_gettime(CLOCK_REALTIME, &exact);
  *now = {.tv_sec = exact.tv_sec, .tv_usec = exact.tv_nsec / 1000};
  return result;
}
