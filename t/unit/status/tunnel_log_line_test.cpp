#include "mod_wsflow/status/tunnel_log_line.hpp"

#include <rapidjson/document.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <ctime>
#include <map>

using namespace wsflow::config;
using namespace wsflow::status;

namespace {

// Values by name of a header; all that is not a header of the request is not there, but the port.
struct Headers final : LogSource {
  std::map<std::string, std::string, std::less<>> fields;
  std::optional<std::string> value(HandshakeField field, std::string_view name) const override {
    if (field == HandshakeField::port) return "443";
    const auto found = fields.find(name);
    if (field != HandshakeField::request_field || found == fields.end()) return std::nullopt;
    return found->second;
  }
};

LogFacts facts() {
  LogFacts result{};
  result.event = "end";
  result.id = 0xABC;
  result.started_us = 1'700'000'000'123'456;
  result.now_us = result.started_us + 61'234'000;
  result.duration_us = 61'234'567;
  result.bytes = {10, 2000};
  result.messages = {1, 2};
  result.frames = {4U, std::nullopt};
  result.close_from = {1000U, std::nullopt};
  result.rtt_ms = {std::nullopt, 7U};
  result.ended_by = "client";
  result.outcome = "closed";
  result.mode = "engine";
  result.generation = 3;
  return result;
}

std::string line(std::string_view text, const Headers& headers = {}, bool json = false,
                 const LogFacts& known = facts()) {
  const auto format = parse_log_format(text);
  REQUIRE(format);
  const LogShape shape{*format, json};
  return make_log_line(shape, prepare_values(shape, headers), known);
}

rapidjson::Document parse(const std::string& text) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseValidateEncodingFlag>(text.c_str());
  REQUIRE_FALSE(document.HasParseError());
  return document;
}

}  // namespace

TEST_CASE("tunnel_log_line: what is known at the end") {
  CHECK(line("%{id}w %{event}w %{outcome}w %{ended-by}w %{mode}w %{generation}w %%") ==
        "0000000000000abc end closed client engine 3 %\n");
  CHECK(line("%{duration}w %D %T %{ms}T") == "61.234 61234567 61 61234\n");
  CHECK(
      line("%{bytes-from-client}w %{bytes-from-origin}w %{messages-from-client}w %{messages-from-origin}w") ==
      "10 2000 1 2\n");
  CHECK(line("%{frames-from-client}w %{frames-from-origin}w") == "4 -\n");
  CHECK(line("%{close-client}w %{close-origin}w %{rtt-client}w %{rtt-origin}w %P") == "1000 - - 7 -\n");
}

TEST_CASE("tunnel_log_line: what is not known yet") {
  const LogFacts young{.event = "start", .id = 1, .started_us = 0, .now_us = 0, .duration_us = -5};
  CHECK(line("%{event}w %{outcome}w %{ended-by}w %D", {}, false, young) == "start - - 0\n");
  CHECK(line("%{outcome}w", {}, true, young) == "null\n");
}

TEST_CASE("tunnel_log_line: times") {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  CHECK(line("%t") == "[14/Nov/2023:22:13:20 +0000]\n");
  CHECK(line("%{end:%H:%M:%S}t") == "22:14:21\n");
  CHECK(line("%{sec}t %{begin:msec}t %{usec}t") == "1700000000 1700000000123 1700000000123456\n");
  CHECK(line("%{msec_frac}t %{usec_frac}t %{end:msec_frac}t") == "123 123456 357\n");
  CHECK(line("%{rfc3339}t") == "2023-11-14T22:13:20.123Z\n");
}

TEST_CASE("tunnel_log_line: values of clients are escaped as httpd escapes them") {
  Headers headers;
  headers.fields["x"] = "a\"b\\c\nd\te\x7F\xFF%r \x01";
  CHECK(line("\"%{x}i\" %{y}i %p", headers) == "\"a\\\"b\\\\c\\nd\\te\\x7f\\xff%r \\x01\" - 443\n");
}

TEST_CASE("tunnel_log_line: a long value is cut, a long line too") {
  Headers headers;
  headers.fields["x"] = std::string(5000, 'x');
  CHECK(line("%{x}i|", headers) == std::string(kMaxLogValue, 'x') + "|\n");
  std::string many;
  for (int i = 0; i < 100; ++i) many += "%{x}i";
  const auto cut = line(many, headers);
  CHECK(cut.size() == kMaxLogLine);
  CHECK(cut.ends_with("x\n"));
}

TEST_CASE("tunnel_log_line: the json preset is JSON whatever clients send") {
  Headers headers;
  headers.fields["User-Agent"] = "\xFF\"\\\n\x01 \xC3\xA4" + std::string(5000, '\x02');
  headers.fields["Origin"] = "https://a.test";
  const auto text = line(log_presets()[1].format, headers, true);
  CHECK(text.size() < kMaxLogLine / 4);
  CHECK(text.find('\n') == text.size() - 1);
  const auto told = parse(text);
  CHECK(std::string(told["id"].GetString()) == "0000000000000abc");
  CHECK(std::string(told["outcome"].GetString()) == "closed");
  CHECK(told["duration_seconds"].GetDouble() == Approx(61.234));
  CHECK(told["close_from_client"].GetInt() == 1000);
  CHECK(told["close_from_origin"].IsNull());
  CHECK(told["pid"].IsNull());
  CHECK(told["port"].GetInt() == 443);
  CHECK(std::string(told["page"].GetString()) == "https://a.test");
  CHECK(told["path"].IsNull());
  const std::string agent = told["user_agent"].GetString();
  CHECK(agent.starts_with("\xEF\xBF\xBD\"\\\n\x01 \xC3\xA4"));
}
