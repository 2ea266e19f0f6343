#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wsflow::capacity {

// The texts of /proc and of control groups, as values. Nothing: the text is not as expected.

// A line that begins with a whole number; more may follow. "max" and "unlimited" are the greatest one.
inline constexpr std::uint64_t kUnlimited = ~std::uint64_t{0};
std::optional<std::uint64_t> number_of(std::string_view text) noexcept;

// The n-th word of a text, from 0 on; empty: there are fewer.
std::string_view word_of(std::string_view text, std::size_t n) noexcept;

// "Max open files" of /proc/PID/limits: soft and hard.
struct DescriptorLimit {
  std::uint64_t soft;
  std::uint64_t hard;
};
std::optional<DescriptorLimit> descriptor_limit(std::string_view limits) noexcept;

// A value of /proc/meminfo, in bytes ("MemAvailable").
std::optional<std::uint64_t> meminfo(std::string_view text, std::string_view name) noexcept;

// Pages of TCP, from /proc/net/sockstat.
std::optional<std::uint64_t> tcp_pages(std::string_view sockstat) noexcept;

// The control group of a process, from /proc/PID/cgroup: the path below the mount of `controller` ("memory"),
// or of the unified hierarchy.
struct Group {
  std::string path;
  bool unified = false;
};
std::optional<Group> group_of(std::string_view cgroup, std::string_view controller);

// The service of systemd that a process belongs to ("apache2.service"), from /proc/PID/cgroup; empty: none.
std::string unit_of(std::string_view cgroup);

// The field "PPid" and such of /proc/PID/status.
std::string_view status_field(std::string_view status, std::string_view name) noexcept;

}  // namespace wsflow::capacity
