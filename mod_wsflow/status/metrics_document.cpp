#include "mod_wsflow/status/metrics_document.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "mod_wsflow/base/utf8.hpp"

namespace wsflow::status {

namespace {

bool take_end(std::string_view& text, std::string_view end) noexcept {
  if (!text.ends_with(end)) return false;
  text.remove_suffix(end.size());
  return true;
}

void append_escaped(std::string& out, std::string_view value) {
  for (const char c : base::valid_utf8(value)) {
    if (c == '\\' || c == '"') out.push_back('\\');
    if (c == '\n') {
      out.append("\\n");
    } else {
      out.push_back(c);
    }
  }
}

std::vector<std::string_view> split(std::string_view labels) {
  std::vector<std::string_view> names;
  while (!labels.empty()) {
    names.push_back(labels.substr(0, labels.find(',')));
    labels.remove_prefix(std::min(names.back().size() + 1, labels.size()));
  }
  return names;
}

}  // namespace

std::string decimal_point(double value) {
  char space[64];
  const auto result = std::to_chars(std::begin(space), std::end(space), value, std::chars_format::fixed);
  std::string text(space, result.ptr);
  return text.find('.') == std::string::npos ? text + ".0" : text;
}

void Document::begin(std::string_view metric, std::string_view labels, const char* help, const char* kind) {
  metric_ = metric;
  labels_ = split(labels);
  auto name = metric;
  if (take_end(name, "_total")) kind = "counter";
  if (take_end(name, "_info")) kind = format_ == MetricsFormat::open ? "info" : "gauge";
  auto unitless = name;
  const char* unit = take_end(unitless, "_seconds") ? "seconds" : nullptr;
  if (take_end(unitless, "_bytes")) unit = "bytes";
  // OpenMetrics names a family without the ends that only its samples have.
  if (format_ == MetricsFormat::text) name = metric;
  about("TYPE", name, kind);
  if (format_ == MetricsFormat::open && unit != nullptr) about("UNIT", name, unit);
  about("HELP", name, help);
}

void Document::sample(std::span<const std::string_view> values, std::string_view number, std::string_view end,
                      std::string_view more) {
  out_.append(metric_).append(end);
  char before = '{';
  for (std::size_t i = 0; i < values.size(); ++i) {
    out_.push_back(std::exchange(before, ','));
    out_.append(labels_[i]).append("=\"");
    append_escaped(out_, values[i]);
    out_.push_back('"');
  }
  if (!more.empty()) {
    out_.push_back(std::exchange(before, ','));
    out_.append(more);
  }
  if (before == ',') out_.push_back('}');
  out_.append(" ").append(number).append("\n");
}

std::string Document::end() && {
  if (format_ == MetricsFormat::open) out_.append("# EOF\n");
  return std::move(out_);
}

void Document::about(const char* what, std::string_view name, const char* text) {
  out_.append("# ").append(what).append(" ").append(name).append(" ").append(text).append("\n");
}

}  // namespace wsflow::status
