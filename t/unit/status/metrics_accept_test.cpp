#include <catch2/catch.hpp>

#include "mod_wsflow/status/metrics_text.hpp"

using namespace wsflow::status;

TEST_CASE("whoever names OpenMetrics and likes it best gets it", "[metrics_text]") {
  const auto* accept = GENERATE(
      "application/openmetrics-text", "Application/OpenMetrics-Text; Version=1.0.0",
      "application/openmetrics-text; version=\"1.0.0\"; charset=utf-8",
      // Prometheus 2 and 3.
      "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
      "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
      "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
      "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
      "text/plain;q=0.5, application/openmetrics-text;q=0.5", "application/openmetrics-text;q=0.1",
      "text/html;x=\",text/plain\", application/openmetrics-text", "*/*;q=0.9, application/openmetrics-text",
      "application/openmetrics-text, text/plain;q=7");
  INFO(accept);
  CHECK(metrics_format(accept) == MetricsFormat::open);
}

TEST_CASE("everybody else gets the text that everything reads", "[metrics_text]") {
  const auto* accept = GENERATE(
      "", "*/*", "text/plain", "text/*", "application/json", "text/plain;version=0.0.4;q=1,*/*;q=0.1",
      "application/openmetrics-text;q=0", "application/openmetrics-text;q=0.000, text/html",
      "application/openmetrics-text;q=0.2, text/plain;q=0.3", "application/openmetrics-text;q=0.2, */*",
      "application/openmetrics-text;q=0.3, */*;q=0.1, text/*;q=0.4",
      "application/openmetrics-text;version=2.0.0", "application/openmetrics-text;q=high",
      "application/openmetrics-text;q=1.5", "application/openmetrics-text;q=-1",
      "application/openmetrics-text;q=nan", "application/openmetrics", ",;,=;q=,\"",
      "\"application/openmetrics-text", "application/openmetrics-text;q=");
  INFO(accept);
  CHECK(metrics_format(accept) == MetricsFormat::text);
}
