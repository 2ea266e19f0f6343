#include "mod_wsflow/stores/redis/redis_url.hpp"

#include <catch2/catch.hpp>

using namespace wsflow;
using redis::parse_url;
using redis::RedisUrl;

TEST_CASE("an address of Redis names host, port, database, user and password") {
  RedisUrl url;
  REQUIRE(parse_url("redis://cache:s%40cret@[2001:db8::1]:6380/12", url) == nullptr);
  CHECK(url.host == "2001:db8::1");
  CHECK(url.port == "6380");
  CHECK(url.database == "12");
  CHECK(url.user == "cache");
  CHECK(url.password == "s@cret");
  CHECK_FALSE(url.tls);
}

TEST_CASE("what an address of Redis leaves out has its default") {
  RedisUrl url;
  REQUIRE(parse_url("rediss://cache.example/", url) == nullptr);
  CHECK(url.host == "cache.example");
  CHECK(url.port == "6379");
  CHECK(url.database.empty());
  CHECK(url.password.empty());
  CHECK(url.tls);
}

TEST_CASE("a password without a user may have an @ and a colon") {
  RedisUrl url;
  REQUIRE(parse_url("redis://:a@b:c@host", url) == nullptr);
  CHECK(url.user.empty());
  CHECK(url.password == "a@b:c");
  CHECK(url.host == "host");
}

TEST_CASE("a Unix socket of Redis is a path, with a database") {
  RedisUrl url;
  REQUIRE(parse_url("unix:///run/redis.sock?db=3", url) == nullptr);
  CHECK(url.path == "/run/redis.sock");
  CHECK(url.database == "3");
}

TEST_CASE("an address of Redis that is wrong is told of, without its password") {
  const auto text = GENERATE(as<std::string>{}, "", "http://secret@host", "redis://", "redis://host:0",
                             "redis://host:65536", "redis://host:x", "redis://secret@host",
                             "redis://user:@host", "redis://user:secret%4@host", "redis://host/name",
                             "redis://host/12345", "redis://[::1", "redis://[::1]x", "unix://run/redis.sock",
                             "unix:///run/redis.sock?database=3", "unix:///run/redis.sock?db=");
  CAPTURE(text);
  RedisUrl url;
  const char* wrong = parse_url(text, url);
  REQUIRE(wrong != nullptr);
  CHECK(std::string(wrong).find("secret") == std::string::npos);
}
