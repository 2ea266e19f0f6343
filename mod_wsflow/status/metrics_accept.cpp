#include <algorithm>
#include <charconv>

#include "mod_wsflow/status/metrics_text.hpp"

namespace wsflow::status {

namespace {

constexpr double kNever = -1;

// Cuts off what stands before the first `mark` outside quotes.
std::string_view take(std::string_view& text, char mark) noexcept {
  bool quoted = false;
  std::size_t at = 0;
  for (; at < text.size() && (quoted || text[at] != mark); ++at) {
    if (quoted && text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      quoted = !quoted;
    }
  }
  at = std::min(at, text.size());
  auto part = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  const auto first = part.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return part.substr(first, part.find_last_not_of(" \t") - first + 1);
}

bool same(std::string_view left, std::string_view right) noexcept {
  const auto lower = [](char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [&](char a, char b) noexcept { return lower(a) == lower(b); });
}

// One of the media ranges that a client accepts.
struct Range {
  std::string_view type;
  std::string_view version;  // empty: any
  double quality = 1;        // kNever: it is not to be understood
};

Range read_range(std::string_view text) noexcept {
  Range range{.type = take(text, ';'), .version = {}};
  while (!text.empty()) {
    auto value = take(text, ';');
    const auto key = take(value, '=');
    if (same(key, "version")) {
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
        value = value.substr(1, value.size() - 2);
      range.version = value;
    } else if (same(key, "q")) {
      const auto* end = value.data() + value.size();
      const auto result = std::from_chars(value.data(), end, range.quality, std::chars_format::fixed);
      if (result.ec != std::errc{} || result.ptr != end || !(range.quality >= 0 && range.quality <= 1))
        range.quality = kNever;
    }
  }
  return range;
}

// How much of one format is wanted, by the closest range that names it.
class Wanted {
 public:
  void consider(const Range& range, int closeness) noexcept {
    if (closeness < closeness_ || (closeness == closeness_ && range.quality <= quality_)) return;
    closeness_ = closeness;
    quality_ = range.quality;
  }
  double quality() const noexcept { return std::max(quality_, 0.0); }

 private:
  int closeness_ = -1;
  double quality_ = kNever;
};

}  // namespace

MetricsFormat metrics_format(std::string_view accept) {
  Wanted open;
  Wanted text;
  while (!accept.empty()) {
    const auto range = read_range(take(accept, ','));
    if (range.quality == kNever) continue;
    // Whoever takes anything gets the older one, which everything reads.
    if (same(range.type, "application/openmetrics-text") &&
        (range.version.empty() || range.version == "1.0.0"))
      open.consider(range, 0);
    if (same(range.type, "*/*")) text.consider(range, 0);
    if (same(range.type, "text/*")) text.consider(range, 1);
    if (same(range.type, "text/plain") && (range.version.empty() || range.version == "0.0.4"))
      text.consider(range, 2);
  }
  return open.quality() > 0 && open.quality() >= text.quality() ? MetricsFormat::open : MetricsFormat::text;
}

}  // namespace wsflow::status
