#include "mod_wsflow/capacity/proc_text.hpp"

#include <algorithm>
#include <charconv>

namespace wsflow::capacity {

namespace {

std::string_view take_line(std::string_view& text) noexcept {
  const auto end = std::min(text.find('\n'), text.size());
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

// The first line that begins so, without the beginning; nothing: none.
std::optional<std::string_view> line_behind(std::string_view text, std::string_view begin) noexcept {
  while (!text.empty()) {
    const auto line = take_line(text);
    if (line.starts_with(begin)) return line.substr(begin.size());
  }
  return std::nullopt;
}

std::string_view trim(std::string_view text) noexcept {
  const auto begin = text.find_first_not_of(" \t\n");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\n") - begin + 1);
}

}  // namespace

std::string_view word_of(std::string_view text, std::size_t n) noexcept {
  for (;; --n) {
    text = trim(text);
    const auto end = std::min(text.find_first_of(" \t\n"), text.size());
    if (n == 0 || text.empty()) return text.substr(0, end);
    text.remove_prefix(end);
  }
}

std::optional<std::uint64_t> number_of(std::string_view text) noexcept {
  const auto word = word_of(text, 0);
  if (word == "max" || word == "unlimited") return kUnlimited;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return value;
}

std::optional<DescriptorLimit> descriptor_limit(std::string_view limits) noexcept {
  const auto line = line_behind(limits, "Max open files ");
  if (!line) return std::nullopt;
  const auto soft = number_of(word_of(*line, 0));
  const auto hard = number_of(word_of(*line, 1));
  if (!soft || !hard) return std::nullopt;
  return DescriptorLimit{*soft, *hard};
}

std::optional<std::uint64_t> meminfo(std::string_view text, std::string_view name) noexcept {
  while (!text.empty()) {
    const auto line = take_line(text);
    if (!line.starts_with(name) || line.size() == name.size() || line[name.size()] != ':') continue;
    const auto value = line.substr(name.size() + 1);
    const auto number = number_of(value);
    if (!number || *number > kUnlimited / 1024 || word_of(value, 1) != "kB") return std::nullopt;
    return *number * 1024;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> tcp_pages(std::string_view sockstat) noexcept {
  const auto line = line_behind(sockstat, "TCP:");
  if (!line) return std::nullopt;
  for (std::size_t i = 0;; i += 2) {
    const auto name = word_of(*line, i);
    if (name.empty()) return std::nullopt;
    if (name == "mem") return number_of(word_of(*line, i + 1));
  }
}

std::optional<Group> group_of(std::string_view cgroup, std::string_view controller) {
  std::optional<Group> unified;
  while (!cgroup.empty()) {
    // 4:memory:/path, or 0::/path
    const auto line = take_line(cgroup);
    const auto first = line.find(':');
    const auto second = first == line.npos ? first : line.find(':', first + 1);
    if (second == line.npos || second + 1 == line.size() || line[second + 1] != '/') continue;
    auto names = line.substr(first + 1, second - first - 1);
    const std::string path(line.substr(second + 1));
    if (names.empty()) unified = Group{path, true};
    while (!names.empty()) {
      const auto end = std::min(names.find(','), names.size());
      if (names.substr(0, end) == controller) return Group{path, false};
      names.remove_prefix(std::min(end + 1, names.size()));
    }
  }
  return unified;
}

std::string unit_of(std::string_view cgroup) {
  constexpr std::string_view kService = ".service";
  while (!cgroup.empty()) {
    const auto line = take_line(cgroup);
    const auto end = line.find(kService);
    if (end == line.npos) continue;
    const auto begin = line.rfind('/', end);
    if (begin != line.npos) return std::string(line.substr(begin + 1, end + kService.size() - begin - 1));
  }
  return {};
}

std::string_view status_field(std::string_view status, std::string_view name) noexcept {
  while (!status.empty()) {
    const auto line = take_line(status);
    if (line.starts_with(name) && line.size() > name.size() && line[name.size()] == ':')
      return trim(line.substr(name.size() + 1));
  }
  return {};
}

}  // namespace wsflow::capacity
