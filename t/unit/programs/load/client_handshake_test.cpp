#include "mod_wsflow/programs/load/client_handshake.hpp"

#include <catch2/catch.hpp>

using namespace wsflow::load;

namespace {

// The example of RFC 6455 1.3: its key is that of "the sample nonce".
constexpr Nonce kNonce{'t', 'h', 'e', ' ', 's', 'a', 'm', 'p', 'l', 'e', ' ', 'n', 'o', 'n', 'c', 'e'};
constexpr const char* kAccept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
const char* const kUpgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n";

HandshakeAnswer judge(std::string head, const std::string& protocols = "") {
  return judge_head(head, kNonce, protocols);
}

std::string reason(const std::string& status, const std::string& fields = "") {
  return judge("HTTP/1.1 " + status + "\r\n" + fields + "\r\n").reason;
}

}  // namespace

TEST_CASE("the handshake asks for what the options say", "[load]") {
  const auto url = *parse_target_url("ws://www.example.com:8080/chat?x=1");
  const HandshakeRequest request(url, {"Cookie: a=b"}, "chat");
  CHECK(
      request.with_key("KEY") ==
      "GET /chat?x=1 HTTP/1.1\r\nHost: www.example.com:8080\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat\r\nCookie: a=b\r\nSec-WebSocket-Key: "
      "KEY\r\n\r\n");
  const HandshakeRequest other(url, {"host: other.example.com"}, "");
  CHECK_THAT(other.with_key("KEY"), !Catch::Contains("Host: www"));
}

TEST_CASE("a key is the nonce in base64", "[load]") {
  CHECK(key_of(kNonce) == "dGhlIHNhbXBsZSBub25jZQ==");
}

TEST_CASE("only a whole 101 opens a socket", "[load]") {
  const std::string whole = "HTTP/1.1 101 Switching Protocols\r\n" + std::string(kUpgrade) + kAccept;
  CHECK(judge(whole + "\r\n").accepted);
  CHECK(judge(whole + "Sec-WebSocket-Protocol: chat\r\n\r\n", "chat, superchat").accepted);
  CHECK(judge(whole + "Sec-WebSocket-Protocol: other\r\n\r\n", "chat").reason ==
        "101 invalid: protocol_not_offered");
  CHECK(judge(whole + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n").reason ==
        "101 invalid: extension_not_offered");
  CHECK(reason("101 x", kUpgrade) == "101 invalid: bad_accept");
  CHECK(reason("101 x", kAccept) == "101 invalid: bad_upgrade");
}

TEST_CASE("a refusal has the status, and who refused", "[load]") {
  CHECK(reason("403 Forbidden") == "403");
  CHECK(reason("503 Service Unavailable", "WSFlow-Limit: app\r\n") == "503 limit:app");
  CHECK(reason("503 x", "WSFlow-Refused-By: max-tunnels\r\n") == "503 max-tunnels");
  CHECK(judge("HTTP/1.1 503 x\r\n\r\n").status == 503);
  // Of a server that is no friend: no control characters, and no end.
  const auto long_name = reason("503 x", "WSFlow-Limit: " + std::string(5000, 'x') + "\r\n");
  CHECK(long_name.size() < 100);
}

TEST_CASE("what is no HTTP is no answer", "[load]") {
  const auto answer = judge("hello\r\n\r\n");
  CHECK(answer.status == 0);
  CHECK_THAT(answer.reason, Catch::StartsWith("no HTTP answer: the status line"));
}
