#include <catch2/catch.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "mod_wsflow/ws/handshake.hpp"

using namespace wsflow::ws;
using Field = std::optional<std::string_view>;

namespace {

constexpr std::string_view kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

UpgradeAnswer good_answer() {
  UpgradeAnswer answer;
  answer.upgrade = "websocket";
  answer.connection = "Upgrade";
  answer.accept = kAccept;
  return answer;
}

AnswerVerdict judge(const UpgradeAnswer& answer) {
  return judge_answer(answer, kAccept, std::nullopt, std::nullopt);
}

AnswerVerdict judge_with(Field UpgradeAnswer::*field, Field value) {
  UpgradeAnswer answer = good_answer();
  answer.*field = value;
  return judge(answer);
}

AnswerVerdict judge_protocol(Field offered, Field answered) {
  UpgradeAnswer answer = good_answer();
  answer.protocol = answered;
  return judge_answer(answer, kAccept, offered, std::nullopt);
}

AnswerVerdict judge_extensions(Field offered, Field answered) {
  UpgradeAnswer answer = good_answer();
  answer.extensions = answered;
  return judge_answer(answer, kAccept, std::nullopt, offered);
}

}  // namespace

TEST_CASE("the answer of RFC 6455 is valid", "[handshake]") {
  CHECK(judge(good_answer()) == AnswerVerdict::ok);
}

TEST_CASE("Upgrade of the answer is websocket alone", "[handshake]") {
  CHECK(judge_with(&UpgradeAnswer::upgrade, " WebSocket\t") == AnswerVerdict::ok);
  for (const Field value :
       {Field{}, Field{""}, Field{"h2c"}, Field{"websocket, h2c"}, Field{"websocket/13"}}) {
    CAPTURE(value.value_or("(none)"));
    CHECK(judge_with(&UpgradeAnswer::upgrade, value) == AnswerVerdict::bad_upgrade);
  }
}

TEST_CASE("Connection of the answer lists upgrade", "[handshake]") {
  CHECK(judge_with(&UpgradeAnswer::connection, "keep-alive ,uPGRADE") == AnswerVerdict::ok);
  for (const Field value : {Field{}, Field{""}, Field{"close"}, Field{"upgraded"}}) {
    CAPTURE(value.value_or("(none)"));
    CHECK(judge_with(&UpgradeAnswer::connection, value) == AnswerVerdict::bad_connection);
  }
}

TEST_CASE("the accept value is the expected one to the letter", "[handshake]") {
  const std::string padded = " " + std::string(kAccept) + "\t";
  CHECK(judge_with(&UpgradeAnswer::accept, padded) == AnswerVerdict::ok);
  const std::string twice = std::string(kAccept) + ", " + std::string(kAccept);
  for (const Field value : {Field{}, Field{""}, Field{"S3PPLMBITXAQ9KYGZZHZRBK+XOO="},
                            Field{"s3pPLMBiTxaQ9kYGzzhZRbK+xOo"}, Field{twice}}) {
    CAPTURE(value.value_or("(none)"));
    CHECK(judge_with(&UpgradeAnswer::accept, value) == AnswerVerdict::bad_accept);
  }
}

TEST_CASE("the sub-protocol is one of those offered", "[handshake]") {
  CHECK(judge_protocol("chat", std::nullopt) == AnswerVerdict::ok);
  CHECK(judge_protocol("chat", "chat") == AnswerVerdict::ok);
  CHECK(judge_protocol("soap ,\tchat", " chat ") == AnswerVerdict::ok);
  CHECK(judge_protocol("urn:x/chat", "urn:x/chat") == AnswerVerdict::ok);
  CHECK(judge_protocol("chat", "") == AnswerVerdict::ok);
  CHECK(judge_protocol(std::nullopt, " \t") == AnswerVerdict::ok);

  CHECK(judge_protocol(std::nullopt, "chat") == AnswerVerdict::protocol_not_offered);
  CHECK(judge_protocol("", "chat") == AnswerVerdict::protocol_not_offered);
  CHECK(judge_protocol("chat", "Chat") == AnswerVerdict::protocol_not_offered);
  CHECK(judge_protocol("superchat", "chat") == AnswerVerdict::protocol_not_offered);

  CHECK(judge_protocol("chat, soap", "chat, soap") == AnswerVerdict::malformed_header);
  CHECK(judge_protocol("chat,,", ",") == AnswerVerdict::malformed_header);
  CHECK(judge_protocol("chat", "chat soap") == AnswerVerdict::malformed_header);
}

TEST_CASE("each extension has been offered, whatever its parameters", "[handshake]") {
  const std::string_view deflate = "permessage-deflate; client_max_window_bits";
  CHECK(judge_extensions(deflate, std::nullopt) == AnswerVerdict::ok);
  CHECK(judge_extensions(deflate, "permessage-deflate") == AnswerVerdict::ok);
  CHECK(judge_extensions(deflate, "permessage-deflate; server_max_window_bits=10") == AnswerVerdict::ok);
  CHECK(judge_extensions(deflate, " Permessage-Deflate ;x") == AnswerVerdict::ok);
  CHECK(judge_extensions("a, b;p=1, c", "c, a") == AnswerVerdict::ok);
  CHECK(judge_extensions(deflate, "") == AnswerVerdict::ok);
  CHECK(judge_extensions(std::nullopt, " , ") == AnswerVerdict::ok);

  CHECK(judge_extensions(std::nullopt, "permessage-deflate") == AnswerVerdict::extension_not_offered);
  CHECK(judge_extensions("", "permessage-deflate") == AnswerVerdict::extension_not_offered);
  CHECK(judge_extensions(deflate, "permessage-deflate, x-other") == AnswerVerdict::extension_not_offered);
  CHECK(judge_extensions(deflate, ", ,x-other") == AnswerVerdict::extension_not_offered);
  CHECK(judge_extensions(deflate, "client_max_window_bits") == AnswerVerdict::extension_not_offered);
}

TEST_CASE("commas in quoted parameters separate nothing", "[handshake]") {
  CHECK(judge_extensions("a", "a; p=\"1, b\"") == AnswerVerdict::ok);
  CHECK(judge_extensions("a", "a; p=\"\\\", b\"") == AnswerVerdict::ok);
  CHECK(judge_extensions("a; p=\"1, b\"", "b") == AnswerVerdict::extension_not_offered);
  CHECK(judge_extensions("a", "a; p=\"\\\"\", b") == AnswerVerdict::extension_not_offered);
}

TEST_CASE("a malformed offer still offers what can be read of it", "[handshake]") {
  CHECK(judge_extensions("a\\, b", "b") == AnswerVerdict::ok);
  CHECK(judge_extensions("a; p=\"\\", "a") == AnswerVerdict::ok);
  CHECK(judge_extensions("a; p=\"\\", "b") == AnswerVerdict::extension_not_offered);
}

TEST_CASE("malformed extensions are named as such", "[handshake]") {
  for (const std::string_view value :
       {"; p=1", "a b", "a; p=\"1", "a; p=\"1\\\"", "a; p=\"\\", "\"a\"", "a=b", "a/b"}) {
    CAPTURE(value);
    CHECK(judge_extensions("a", value) == AnswerVerdict::malformed_header);
  }
}

TEST_CASE("verdicts on answers have distinct names and sentences", "[handshake]") {
  std::set<std::string> names;
  std::set<std::string> sentences;
  for (const AnswerVerdict verdict :
       {AnswerVerdict::ok, AnswerVerdict::bad_upgrade, AnswerVerdict::bad_connection,
        AnswerVerdict::bad_accept, AnswerVerdict::protocol_not_offered, AnswerVerdict::extension_not_offered,
        AnswerVerdict::malformed_header}) {
    names.insert(name(verdict));
    sentences.insert(describe(verdict));
  }
  CHECK(names == std::set<std::string>{"ok", "bad_upgrade", "bad_connection", "bad_accept",
                                       "protocol_not_offered", "extension_not_offered", "malformed_header"});
  CHECK(sentences.size() == 7);
  CHECK(std::string(describe(AnswerVerdict::bad_accept)).find("Sec-WebSocket-Accept") != std::string::npos);
}
