#include "mod_wsflow/os/descriptor_count.hpp"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>

namespace wsflow::os {

namespace {

constexpr const char* kFolder = "/proc/self/fd";

std::optional<std::uint32_t> listed() noexcept {
  auto* folder = ::opendir(kFolder);
  if (folder == nullptr) return std::nullopt;
  std::uint32_t count = 0;
  while (const auto* entry = ::readdir(folder)) {
    if (entry->d_name[0] != '.') ++count;
  }
  ::closedir(folder);
  return count > 0 ? std::optional(count - 1) : std::nullopt;  // one is that of the list
}

}  // namespace

std::optional<std::uint32_t> open_descriptors() noexcept {
  struct stat about {};
  if (::stat(kFolder, &about) == 0 && about.st_size > 0) return static_cast<std::uint32_t>(about.st_size);
  return listed();
}

std::optional<std::uint32_t> DescriptorCount::look(base::Instant now) noexcept {
  constexpr int kShare = 500;
  if (now < next_) return std::nullopt;
  const auto before = base::now_us();
  const auto count = open_descriptors();
  const auto cost = std::chrono::duration_cast<base::Millis>(base::Micros(base::now_us() - before));
  next_ = now + std::max(base::Millis{1000}, cost * kShare);
  return count;
}

}  // namespace wsflow::os
