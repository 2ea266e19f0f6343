#pragma once

#include <string>
#include <string_view>

#include "mod_wsflow/status/model.hpp"

namespace wsflow::status {

// The two forms in which Prometheus and its like read metrics.
enum class MetricsFormat : std::uint8_t { text, open };  // Prometheus text 0.0.4, OpenMetrics 1.0

// Which one a client wants that says `accept`; text where it says nothing of either, or nothing at all.
MetricsFormat metrics_format(std::string_view accept);
const char* content_type(MetricsFormat format) noexcept;

// All that the catalogue names.
std::string to_metrics(const Model& model, MetricsFormat format);

}  // namespace wsflow::status
