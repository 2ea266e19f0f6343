#include "mod_wsflow/status/auto_lines.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <sstream>
#include <string>

#include "t/unit/support/status_model.hpp"

using namespace wsflow;

namespace {

// Key to value; fails the test on a line of another form or a key that stands twice.
std::map<std::string, std::string> lines(const std::string& text) {
  std::map<std::string, std::string> result;
  REQUIRE(text.back() == '\n');
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    INFO(line);
    const auto colon = line.find(": ");
    REQUIRE(colon != std::string::npos);
    CHECK(line.rfind("WSFlow", 0) == 0);
    const auto value = line.substr(colon + 2);
    CHECK_FALSE(value.empty());
    const bool number = value.find_first_not_of("0123456789.") == std::string::npos;
    CHECK((number || line.find("Kind: ") != std::string::npos || line.find("Name: ") != std::string::npos ||
           line.find("Applies: ") != std::string::npos));
    CHECK(result.emplace(line.substr(0, colon), value).second);
  }
  return result;
}

}  // namespace

TEST_CASE("the lines say what the model holds, each key once", "[auto_lines]") {
  const auto model = test::status_model();
  auto all = lines(status::to_auto_lines(model));
  CHECK(all["WSFlowTunnelsActive"] == "24");
  CHECK(all["WSFlowTunnelsActiveWorker"] == "3");
  CHECK(all["WSFlowTunnelsTotal"] == std::to_string(model.snapshot.sums[metrics::kTunnelsOpened]));
  CHECK(all["WSFlowEndedClientEof"] ==
        std::to_string(model.snapshot.sums[metrics::kTunnelsEnded(base::Outcome::client_eof)]));
  CHECK(all["WSFlowRefusedBadMethod"] ==
        std::to_string(model.snapshot.sums[metrics::kRefused(base::HandshakeRefusal::bad_method)]));
  CHECK(all["WSFlowBytesOriginToClient"] ==
        std::to_string(model.snapshot.sums[metrics::kBytes(metrics::Direction::origin_to_client)]));
  CHECK(std::stod(all["WSFlowHandshakeP50Ms"]) <= std::stod(all["WSFlowHandshakeP99Ms"]));
  CHECK(all["WSFlowAcquireWaits"] ==
        std::to_string(model.sum(metrics::kAcquireWaits, metrics::kWaits.buckets())));
  CHECK(all["WSFlowRateOpened"] == "2");
  CHECK(all["WSFlowRateBytesOriginToClient"] == "400000");
  CHECK(all["WSFlowLogLinesLost"] == std::to_string(model.snapshot.sums[metrics::kLogLinesLost]));
  CHECK(all["WSFlowProcesses"] == "2");
  CHECK(all["WSFlowKeepers"] == "1");
  CHECK(all["WSFlowProcess[0]Kind"] == "child");
  CHECK(all["WSFlowProcess[1]Kind"] == "keeper");
  CHECK(all["WSFlowProcess[1]Pid"] == "101");
  CHECK(all["WSFlowProcess[1]TunnelsActive"] == "13");
}

TEST_CASE("the lines keep their order", "[auto_lines]") {
  const auto text = status::to_auto_lines(test::status_model());
  std::size_t at = 0;
  for (const char* key : {"TunnelsActive",
                          "TunnelsActiveWorker",
                          "TunnelsTotal",
                          "TunnelsTotalWorker",
                          "EndedClosed",
                          "Refused",
                          "RefusedBadMethod",
                          "BytesClientToOrigin",
                          "MessagesClientToOrigin",
                          "FramesClientToOrigin",
                          "BytesOriginToClient",
                          "MessagesOriginToClient",
                          "FramesOriginToClient",
                          "NotWebSocket",
                          "OriginReports",
                          "ConnectionsPassed",
                          "HandshakeP50Ms",
                          "AcquireWaits",
                          "RateOpened",
                          "LogLines",
                          "LogLinesLost",
                          "Processes",
                          "Limits"}) {
    INFO(key);
    at = text.find("WSFlow" + std::string(key) + ": ", at);
    REQUIRE(at != std::string::npos);
  }
}

TEST_CASE("the lines have the limits, without keys and nonce", "[auto_lines]") {
  const auto text = status::to_auto_lines(test::status_model());
  auto all = lines(text);
  CHECK(all["WSFlowLimits"] == "2");
  CHECK(all["WSFlowLimit[0]Name"] == "app");
  CHECK(all["WSFlowLimit[0]Concurrency"] == "24");
  CHECK(all["WSFlowLimit[0]Queue"] == "41");
  CHECK(all["WSFlowLimit[0]Rate"] == "0.5");
  CHECK(all["WSFlowLimit[0]InUse"] == "18");
  CHECK(all["WSFlowLimit[0]Waiting"] == "3");
  CHECK(all["WSFlowLimit[0]Peak"] == "7");
  CHECK(all["WSFlowLimit[0]Arrivals"] == "5000");
  CHECK(all["WSFlowLimit[0]Admitted"] == "4600");
  CHECK(all["WSFlowLimit[0]Refused"] == "126");
  CHECK(all["WSFlowLimit[0]RefusedQueueFull"] == "12");
  CHECK(all["WSFlowLimit[0]DryRefused"] == "99");
  CHECK(all["WSFlowLimit[0]Keys"] == "2");
  CHECK(all["WSFlowLimit[0]Need"] == "22.914");
  CHECK(all["WSFlowLimit[0]NeedKnown"] == "1");
  CHECK(all["WSFlowLimit[0]Applies"] == "tunnels");
  CHECK(all["WSFlowLimit[1]Name"] == "old");
  CHECK(text.find("</script") == std::string::npos);
  CHECK(text.find("0123456789abcdef") == std::string::npos);
}

TEST_CASE("there is a line for every outcome and every refusal", "[auto_lines]") {
  const auto all = lines(status::to_auto_lines(test::status_model()));
  const auto with_prefix = [&](const std::string& prefix) {
    return static_cast<std::size_t>(std::count_if(
        all.begin(), all.end(), [&](const auto& line) { return line.first.rfind(prefix, 0) == 0; }));
  };
  CHECK(with_prefix("WSFlowEnded") == base::kOutcomes);
  CHECK(with_prefix("WSFlowRefused") == base::kHandshakeRefusals + 1);  // and the sum
}
