#include "mod_wsflow/config/presence_directive.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace wsflow;

TEST_CASE("a presence list says all of its settings, or has defaults", "[presence]") {
  const auto all = config::parse_presence("key=\"%{HTTP:X-User} x\" name=room-1.x grace=1500ms by-route=on");
  REQUIRE(all);
  CHECK_FALSE(all->off);
  CHECK(all->key == "%{HTTP:X-User} x");
  CHECK(all->name == "room-1.x");
  CHECK(all->grace == 1'500'000);
  CHECK(all->by_route);
  const auto least = config::parse_presence("key=%{REMOTE_USER}");
  REQUIRE(least);
  CHECK(least->name == "online");
  CHECK(least->grace == 10'000'000);
  CHECK_FALSE(least->by_route);
  CHECK(config::parse_presence(" off ")->off);
}

TEST_CASE("a presence store has a driver, its parameters and two settings", "[presence]") {
  const auto all = config::parse_presence_store("pgsql \"host=a dbname=b\" lease=1mi queue=2000");
  REQUIRE(all);
  CHECK(all->driver == "pgsql");
  CHECK(all->parameters == "host=a dbname=b");
  CHECK(all->lease == 60'000'000);
  CHECK(all->queue == 2000);
  const auto least = config::parse_presence_store("sqlite3 /a.db");
  REQUIRE(least);
  CHECK(least->lease == 30'000'000);
  CHECK(least->queue == 100'000);
}

TEST_CASE("presence events go to a file, a program or a stream", "[presence]") {
  CHECK(config::parse_presence_events("events.log")->target == "events.log");
  CHECK(config::parse_presence_events("\"|/bin/program x\"")->target == "|/bin/program x");
  const auto stream = config::parse_presence_events("stream:a:{b}");
  REQUIRE(stream);
  CHECK(stream->target.empty());
  CHECK(stream->stream == "a:{b}");
  CHECK(stream->maxlen == 100'000);
  CHECK(config::parse_presence_events("stream:a maxlen=5000")->maxlen == 5000);
}

TEST_CASE("what is wrong with a line of presence is said", "[presence]") {
  const auto of = [](const char* text) { return config::parse_presence(text).wrong(); };
  CHECK(of("name=x") ==
        "name=x: needs key=an expression that gives a text, for example %{REMOTE_USER}, or off");
  CHECK(of("key=x key=y") == "key=y: key= is given twice");
  CHECK(of("key=x grace=2h") ==
        "grace=2h: grace= needs a time from 0 to 1h (units ms, s, mi, h; seconds if none)");
  CHECK(of("key=x size=2") == "size=2: unknown; expected key=, name=, grace= or by-route=");
  CHECK(of("key=\"x") == "key=x: a quote without an end");
  CHECK(of("off x") == "off: stands alone");
  const auto store = [](const char* text) { return config::parse_presence_store(text).wrong(); };
  CHECK(store("sqlite3").find("needs a driver") == 0);
  CHECK(store("sqlite3 /a lease=2s").find("lease=2s: lease= needs a time from 3s to 1h") == 0);
  CHECK(store("sqlite3 /a b=1") == "b=1: unknown; expected lease= or queue=");
  const auto events = [](const char* text) { return config::parse_presence_events(text).wrong(); };
  CHECK(events("").find("needs a file") == 0);
  CHECK(events("a b") == "a: stands alone; maxlen= goes with stream:name");
  CHECK(events("stream:a/b").find("stream:a/b: needs a name") == 0);
  CHECK(events("stream:a maxlen=7").find("maxlen=7: maxlen= needs a number from 1000") == 0);
}

TEST_CASE("names of nodes", "[presence]") {
  for (const auto* good : {"a", "web-1.example.org", "10.0.0.1:8080", "a_b"})
    CHECK(config::is_node_name(good));
  for (const auto& bad : {std::string(), std::string("a b"), std::string("a/b"), std::string(65, 'a')})
    CHECK_FALSE(config::is_node_name(bad));
}
