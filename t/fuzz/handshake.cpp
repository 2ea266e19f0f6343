// judge_request, judge_answer and has_token on any fields; checks that each verdict holds. Input: a field on
// each line, in the order of the code below; the line "-" is an absent field.
#include "mod_wsflow/ws/handshake.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mod_wsflow/ws/field_syntax.hpp"
#include "t/fuzz/require.hpp"

using namespace wsflow::ws;
using wsflow::fuzz::require;
using Field = std::optional<std::string_view>;

namespace {

Field take_field(std::string_view& input) {
  const std::size_t end = std::min(input.find('\n'), input.size());
  const std::string_view line = input.substr(0, end);
  input.remove_prefix(std::min(end + 1, input.size()));
  return line == "-" ? Field{} : Field{line};
}

void check_request(const UpgradeRequest& request) {
  const RequestVerdict verdict = judge_request(request);
  require(std::string_view(name(verdict)) != "unknown");
  require(std::string_view(describe(verdict)) != "unknown verdict");
  const bool upgrade = request.upgrade && has_token(*request.upgrade, "websocket");
  require((verdict == RequestVerdict::not_upgrade) == !upgrade);
  require(is_handshake(request) || verdict != RequestVerdict::ok);
  require(!is_handshake(request) || upgrade);
  if (verdict != RequestVerdict::ok) return;
  require(request.method == "GET");
  require(request.http_major == 1 && request.http_minor >= 1);
  require(has_token(request.connection.value(), "Upgrade"));
  require(trim_ows(request.version.value()) == "13");
  require(trim_ows(request.key.value()).size() == 24);
  require(request.key->find(',') == std::string_view::npos);
  require(!request.has_body);
}

void check_answer(const UpgradeAnswer& answer, std::string_view accept, Field protocols, Field extensions) {
  const AnswerVerdict verdict = judge_answer(answer, accept, protocols, extensions);
  require(std::string_view(name(verdict)) != "unknown");
  require(std::string_view(describe(verdict)) != "unknown verdict");
  if (verdict != AnswerVerdict::ok) return;
  require(equals_ignoring_case(trim_ows(answer.upgrade.value()), "websocket"));
  require(has_token(answer.connection.value(), "upgrade"));
  require(trim_ows(answer.accept.value()) == accept);
  if (answer.protocol && !trim_ows(*answer.protocol).empty())
    require(has_token(protocols.value(), trim_ows(*answer.protocol)));
  if (answer.extensions && !extensions) {
    require(std::all_of(answer.extensions->begin(), answer.extensions->end(),
                        [](char c) { return is_ows(c) || c == ','; }));
  }
}

void check_tokens(std::string_view list, std::string_view token) {
  const bool found = has_token(list, token);
  std::string lower(list);
  std::transform(lower.begin(), lower.end(), lower.begin(), to_lower);
  require(has_token(lower, token) == found);
  if (!is_token(token)) return;
  require(!has_token(without_token(list, token), token));
  require(has_token("x, " + std::string(token) + " ," + std::string(list), token));
  require(has_token(std::string(list) + ",\t" + std::string(token), token));
  require(!found || list.size() >= token.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  std::string_view input = text;

  UpgradeRequest request;
  request.method = take_field(input).value_or("GET");
  const std::string_view shape = take_field(input).value_or("11");  // HTTP major, minor, "b" for a body
  request.http_major = shape.empty() ? 0 : shape[0] - '0';
  request.http_minor = shape.size() < 2 ? 0 : shape[1] - '0';
  request.has_body = shape.size() > 2;
  request.upgrade = take_field(input);
  request.connection = take_field(input);
  request.key = take_field(input);
  request.version = take_field(input);
  check_request(request);

  const std::string_view accept = take_field(input).value_or("");
  const Field protocols = take_field(input);
  const Field extensions = take_field(input);
  UpgradeAnswer answer;
  answer.upgrade = take_field(input);
  answer.connection = take_field(input);
  answer.accept = take_field(input);
  answer.protocol = take_field(input);
  answer.extensions = take_field(input);
  check_answer(answer, accept, protocols, extensions);

  check_tokens(request.connection.value_or(""), request.upgrade.value_or(""));
  return 0;
}
