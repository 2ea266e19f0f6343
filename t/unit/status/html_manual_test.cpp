#include "mod_wsflow/status/html_manual.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace wsflow;

namespace {

bool contains(const std::string& text, const std::string& piece) {
  return text.find(piece) != std::string::npos;
}

}  // namespace

TEST_CASE("each directive has its place in the manual, in the order of the table", "[html_manual]") {
  const std::vector<status::DirectiveText> directives = {
      {"WSFlowOne", "WSFlowOne On|Off", "Off", "server config", "what <one> does"},
      {"WSFlowTwo", "WSFlowTwo \"a\"", "None", "directory", "what two does"}};
  const auto page = status::to_manual(directives, "1.2.3");
  CHECK(contains(page, "<small>1.2.3</small>"));
  CHECK(
      contains(page,
               "<div id=\"WSFlowOne\"><dt>WSFlowOne</dt><dd>What &lt;one&gt; does.<br>"
               "<code>WSFlowOne On|Off</code><br>Default: <code>Off</code><br>Context: server config</dd>"));
  CHECK(contains(page, "<code>WSFlowTwo &quot;a&quot;</code>"));
  CHECK(page.find("id=\"WSFlowOne\"") < page.find("id=\"WSFlowTwo\""));
  CHECK_FALSE(contains(page, "<script"));
}
