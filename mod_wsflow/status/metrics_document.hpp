#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mod_wsflow/status/metrics_text.hpp"

namespace wsflow::status {

// A number as the canonical form wants it: never with an exponent, always with a point.
std::string decimal_point(double value);

// The document of metrics as it grows, family by family.
class Document {
 public:
  explicit Document(MetricsFormat format) noexcept : format_(format) {}

  // What its name ends with says what kind of family it is.
  void begin(std::string_view metric, std::string_view labels, const char* help, const char* kind = "gauge");

  // One of the family: `values` of its labels, in their order; `more`: another label, as it is written.
  void sample(std::span<const std::string_view> values, std::string_view number, std::string_view end = "",
              std::string_view more = "");
  void sample(std::initializer_list<std::string_view> values, std::uint64_t number) {
    sample(std::span(values.begin(), values.size()), std::to_string(number));
  }
  void sample(std::initializer_list<std::string_view> values, std::string_view number) {
    sample(std::span(values.begin(), values.size()), number);
  }

  std::span<const std::string_view> labels() const noexcept { return labels_; }

  std::string end() &&;

 private:
  void about(const char* what, std::string_view name, const char* text);

  const MetricsFormat format_;
  std::string_view metric_;
  std::vector<std::string_view> labels_;
  std::string out_;
};

}  // namespace wsflow::status
