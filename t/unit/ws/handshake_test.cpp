#include "mod_wsflow/ws/handshake.hpp"

#include <catch2/catch.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>

using namespace wsflow::ws;
using Field = std::optional<std::string_view>;

namespace {

UpgradeRequest good_request() {
  UpgradeRequest request;
  request.method = "GET";
  request.http_major = 1;
  request.http_minor = 1;
  request.upgrade = "websocket";
  request.connection = "Upgrade";
  request.key = "dGhlIHNhbXBsZSBub25jZQ==";
  request.version = "13";
  return request;
}

RequestVerdict judge_with(Field UpgradeRequest::*field, Field value) {
  UpgradeRequest request = good_request();
  request.*field = value;
  return judge_request(request);
}

struct FieldRow {
  Field value;
  RequestVerdict verdict;
};

}  // namespace

TEST_CASE("a token is found in a list in any case", "[handshake]") {
  struct Row {
    std::string_view list;
    bool found;
  };
  for (const Row& row :
       {Row{"upgrade", true}, Row{"keep-alive, Upgrade", true}, Row{"UPGRADE,close", true},
        Row{",, \t,upgrade\t ,", true}, Row{"a,b,c,upgrade", true}, Row{"", false}, Row{" ", false},
        Row{",", false}, Row{"upgrades", false}, Row{"up grade", false}, Row{"upgrade;q=1", false},
        Row{"keep-alive upgrade", false}, Row{"upgrad", false}, Row{"\"upgrade\"", false}}) {
    CAPTURE(row.list);
    CHECK(has_token(row.list, "upgrade") == row.found);
  }
}

TEST_CASE("the handshake of RFC 6455 is valid", "[handshake]") {
  CHECK(judge_request(good_request()) == RequestVerdict::ok);
}

TEST_CASE("Upgrade decides whether a request is a handshake at all", "[handshake]") {
  for (const FieldRow& row :
       {FieldRow{"WebSocket", RequestVerdict::ok}, FieldRow{"h2c, websocket", RequestVerdict::ok},
        FieldRow{" ,WEBSOCKET\t", RequestVerdict::ok}, FieldRow{std::nullopt, RequestVerdict::not_upgrade},
        FieldRow{"", RequestVerdict::not_upgrade}, FieldRow{"h2c", RequestVerdict::not_upgrade},
        FieldRow{"websocket/13", RequestVerdict::not_upgrade},
        FieldRow{"websockets", RequestVerdict::not_upgrade}}) {
    CAPTURE(row.value.value_or("(none)"));
    CHECK(judge_with(&UpgradeRequest::upgrade, row.value) == row.verdict);
  }
  UpgradeRequest request;
  request.method = "POST";
  request.has_body = true;
  CHECK(judge_request(request) == RequestVerdict::not_upgrade);
}

TEST_CASE("a request is a handshake if somebody wants a WebSocket, rightly or not", "[handshake]") {
  CHECK(is_handshake(good_request()));
  CHECK_FALSE(is_handshake(UpgradeRequest{}));
  const auto with = [](auto change) {
    UpgradeRequest request = good_request();
    change(request);
    return is_handshake(request);
  };
  CHECK(with([](auto& request) { request.key = std::nullopt; }));
  CHECK(with([](auto& request) { request.version = std::nullopt; }));
  CHECK(with([](auto& request) { request.key = request.version = ""; }));
  CHECK(with([](auto& request) { request.http_minor = 0; }));
  CHECK(with([](auto& request) { request.has_body = true; }));
  CHECK_FALSE(with([](auto& request) { request.key = request.version = std::nullopt; }));
  CHECK_FALSE(with([](auto& request) { request.method = "POST"; }));
  CHECK_FALSE(with([](auto& request) { request.method = "HEAD"; }));
  CHECK_FALSE(with([](auto& request) { request.upgrade = std::nullopt; }));
  CHECK_FALSE(with([](auto& request) { request.upgrade = "h2c"; }));
  CHECK_FALSE(with([](auto& request) { request.connection = std::nullopt; }));
  CHECK_FALSE(with([](auto& request) { request.connection = "keep-alive"; }));
}

TEST_CASE("a token is taken out of a list in any case", "[handshake]") {
  CHECK(without_token("websocket", "websocket").empty());
  CHECK(without_token(" WebSocket ,,websocket", "websocket").empty());
  CHECK(without_token("foo, WebSocket ,bar", "websocket") == "foo, bar");
  CHECK(without_token("websockets", "websocket") == "websockets");
  CHECK(without_token("", "websocket").empty());
}

TEST_CASE("Connection must list upgrade", "[handshake]") {
  for (const FieldRow& row :
       {FieldRow{"keep-alive, Upgrade", RequestVerdict::ok}, FieldRow{"upgrade,,", RequestVerdict::ok},
        FieldRow{std::nullopt, RequestVerdict::bad_connection}, FieldRow{"", RequestVerdict::bad_connection},
        FieldRow{"keep-alive", RequestVerdict::bad_connection},
        FieldRow{"Upgrade-Insecure-Requests", RequestVerdict::bad_connection}}) {
    CAPTURE(row.value.value_or("(none)"));
    CHECK(judge_with(&UpgradeRequest::connection, row.value) == row.verdict);
  }
}

TEST_CASE("the version must be 13 alone", "[handshake]") {
  for (const FieldRow& row :
       {FieldRow{" 13\t", RequestVerdict::ok}, FieldRow{std::nullopt, RequestVerdict::bad_version},
        FieldRow{"", RequestVerdict::bad_version}, FieldRow{"8", RequestVerdict::bad_version},
        FieldRow{"013", RequestVerdict::bad_version}, FieldRow{"13.0", RequestVerdict::bad_version},
        FieldRow{"13, 8", RequestVerdict::bad_version}, FieldRow{"13, 13", RequestVerdict::bad_version},
        FieldRow{"1 3", RequestVerdict::bad_version}}) {
    CAPTURE(row.value.value_or("(none)"));
    CHECK(judge_with(&UpgradeRequest::version, row.value) == row.verdict);
  }
}

TEST_CASE("the key must be the base64 form of 16 bytes", "[handshake]") {
  for (const FieldRow& row :
       {FieldRow{"\tdGhlIHNhbXBsZSBub25jZQ== ", RequestVerdict::ok},
        FieldRow{"AAAAAAAAAAAAAAAAAAAAAA==", RequestVerdict::ok},
        FieldRow{"////////////////++++++==", RequestVerdict::ok},
        FieldRow{"dGhlIHNhbXBsZSBub25jZR==", RequestVerdict::ok},
        FieldRow{std::nullopt, RequestVerdict::bad_key}, FieldRow{"", RequestVerdict::bad_key},
        FieldRow{"dGhlIHNhbXBsZSBub25jZQ=", RequestVerdict::bad_key},
        FieldRow{"dGhlIHNhbXBsZSBub25jZQ", RequestVerdict::bad_key},
        FieldRow{"dGhlIHNhbXBsZSBub25jZQA=", RequestVerdict::bad_key},
        FieldRow{"dGhlIHNhbXBsZSBub25jZQAA", RequestVerdict::bad_key},
        FieldRow{"dGhlIHNhbXBsZSBub25jZQ===", RequestVerdict::bad_key},
        FieldRow{"dGhlIHNhbXBsZSBub25jZ===", RequestVerdict::bad_key},
        FieldRow{"dGhlIHNhbXBsZS-ub25jZQ==", RequestVerdict::bad_key},
        FieldRow{"dGhlIHNhbXBsZS_ub25jZQ==", RequestVerdict::bad_key},
        FieldRow{"dGhlIHNhbXBs SBub25jZQ==", RequestVerdict::bad_key},
        FieldRow{"dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==", RequestVerdict::bad_key}}) {
    CAPTURE(row.value.value_or("(none)"));
    CHECK(judge_with(&UpgradeRequest::key, row.value) == row.verdict);
  }
}

TEST_CASE("method, HTTP version and body are judged", "[handshake]") {
  for (const std::string_view method : {"POST", "HEAD", "CONNECT", "get", ""}) {
    UpgradeRequest request = good_request();
    request.method = method;
    CHECK(judge_request(request) == RequestVerdict::bad_method);
  }
  const auto with_version = [](int major, int minor) {
    UpgradeRequest request = good_request();
    request.http_major = major;
    request.http_minor = minor;
    return judge_request(request);
  };
  CHECK(with_version(0, 9) == RequestVerdict::bad_http_version);
  CHECK(with_version(1, 0) == RequestVerdict::bad_http_version);
  CHECK(with_version(1, 2) == RequestVerdict::ok);
  CHECK(with_version(2, 0) == RequestVerdict::bad_http_version);
  CHECK(with_version(2, 1) == RequestVerdict::bad_http_version);
  CHECK(with_version(3, 1) == RequestVerdict::bad_http_version);

  UpgradeRequest request = good_request();
  request.has_body = true;
  CHECK(judge_request(request) == RequestVerdict::has_body);
}

TEST_CASE("a client of another version is told the version before its key", "[handshake]") {
  UpgradeRequest request = good_request();
  request.key = std::nullopt;
  request.version = "8";
  CHECK(judge_request(request) == RequestVerdict::bad_version);
}

TEST_CASE("verdicts on requests have distinct names and sentences", "[handshake]") {
  std::set<std::string> names;
  std::set<std::string> sentences;
  for (const RequestVerdict verdict :
       {RequestVerdict::not_upgrade, RequestVerdict::ok, RequestVerdict::bad_method,
        RequestVerdict::bad_http_version, RequestVerdict::bad_connection, RequestVerdict::bad_key,
        RequestVerdict::bad_version, RequestVerdict::has_body}) {
    names.insert(name(verdict));
    sentences.insert(describe(verdict));
  }
  CHECK(names == std::set<std::string>{"not_upgrade", "ok", "bad_method", "bad_http_version",
                                       "bad_connection", "bad_key", "bad_version", "has_body"});
  CHECK(sentences.size() == 8);
  CHECK(std::string(describe(RequestVerdict::bad_key)).find("Sec-WebSocket-Key") != std::string::npos);
  CHECK(std::string(describe(RequestVerdict::bad_version)).find("13") != std::string::npos);
}
