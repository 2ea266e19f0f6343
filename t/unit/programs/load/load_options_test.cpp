#include "mod_wsflow/programs/load/load_options.hpp"

#include <catch2/catch.hpp>
#include <initializer_list>
#include <vector>

using namespace wsflow::load;

namespace {

wsflow::base::Parsed<LoadOptions> parse(std::initializer_list<const char*> words) {
  return parse_load_options(std::vector<const char*>(words));
}

std::string wrong(std::vector<const char*> words) {
  words.push_back("ws://a/");
  return parse_load_options(words).wrong();
}

}  // namespace

TEST_CASE("a URL alone is a run with the defaults of the help", "[load]") {
  const auto options = parse({"ws://a/b"});
  REQUIRE(options);
  CHECK(options->connections == 100);
  CHECK(options->launch_gap_us() == 10'000);
  CHECK(options->duration_us == 10 * kSecond_us);
  CHECK(options->timeout_us == 30 * kSecond_us);
  CHECK(options->lifetime_us == -1);
  CHECK(options->every_us == kSecond_us);
  CHECK(options->size == 125);
  CHECK(options->reconnect.kind == Backoff::Kind::never);
  CHECK(options->answer == Answer::same);
}

TEST_CASE("a value stands behind = or is the next word", "[load]") {
  const auto options =
      parse({"--connections=20", "--every", "50ms", "ws://a/b", "--ramp-for", "2mi", "--binary"});
  REQUIRE(options);
  CHECK(options->connections == 20);
  CHECK(options->every_us == 50'000);
  CHECK(options->ramp_us == 120 * kSecond_us);
  CHECK(options->launch_gap_us() == 6e6);
  CHECK(options->binary);
  CHECK(parse({"--rate=0", "ws://a/"})->launch_gap_us() == 0);
  CHECK(parse({"--every=0", "ws://a/"})->every_us == 0);
  CHECK(parse({"--size=64k", "ws://a/"})->size == 65536);
}

TEST_CASE("how to come back is a kind and its times", "[load]") {
  const auto fixed = parse({"--reconnect=fixed:2s", "ws://a/"});
  REQUIRE(fixed);
  CHECK(fixed->reconnect.kind == Backoff::Kind::fixed);
  CHECK(fixed->reconnect.first_us == 2 * kSecond_us);
  const auto growing = parse({"--reconnect", "exponential:500ms-1mi", "ws://a/"});
  REQUIRE(growing);
  CHECK(growing->reconnect.kind == Backoff::Kind::exponential);
  CHECK(growing->reconnect.first_us == kSecond_us / 2);
  CHECK(growing->reconnect.most_us == 60 * kSecond_us);
}

TEST_CASE("headers and sub-protocols go into the handshake", "[load]") {
  const auto options =
      parse({"--header", "Cookie: a=b", "--header=X-Key: c", "--protocol=chat,superchat", "ws://a/"});
  REQUIRE(options);
  CHECK(options->headers == std::vector<std::string>{"Cookie: a=b", "X-Key: c"});
  CHECK(options->protocols == "chat, superchat");
}

TEST_CASE("each wrong option says its name and what was expected", "[load]") {
  CHECK(wrong({"--conections=3"}) == "there is no option --conections");
  CHECK(wrong({"-c"}) == "there is no option -c");
  CHECK(wrong({"--connections=0"}) == "--connections: a number from 1 to 1000000 was expected, not: 0");
  CHECK(wrong({"--connections=many"}) == "--connections: a number from 1 to 1000000 was expected, not: many");
  CHECK_THAT(wrong({"--duration=25h"}), Catch::StartsWith("--duration: a time up to 24h"));
  CHECK_THAT(wrong({"--every=1us"}), Catch::StartsWith("--every: a time from 1ms to 24h"));
  CHECK_THAT(wrong({"--size=65M"}), Catch::StartsWith("--size: a number of bytes"));
  CHECK_THAT(wrong({"--reconnect=2s"}), Catch::StartsWith("--reconnect: fixed:TIME or exponential:"));
  CHECK_THAT(wrong({"--reconnect=exponential:3s-2s"}), Catch::StartsWith("--reconnect: fixed:TIME"));
  CHECK_THAT(wrong({"--answer=echo"}), Catch::StartsWith("--answer: same, any or none"));
  CHECK_THAT(wrong({"--from=eth0"}), Catch::StartsWith("--from: addresses of this machine"));
  CHECK_THAT(wrong({"--connect=a:b"}), Catch::StartsWith("--connect: HOST or HOST:PORT"));
  CHECK_THAT(wrong({"--header=Cookie"}), Catch::Contains("\"Name: value\" was expected"));
  CHECK_THAT(wrong({"--header=A: b\r\nC: d"}), Catch::Contains("no line ends"));
  CHECK_THAT(wrong({"--header=Sec-WebSocket-Key: x"}), Catch::Contains("the handshake's own"));
  CHECK_THAT(wrong({"--protocol=a b"}), Catch::StartsWith("--protocol: names of sub-protocols"));
  CHECK_THAT(wrong({"--message=\xFF"}), Catch::StartsWith("--message: text in UTF-8"));
  CHECK(wrong({"--binary=yes"}) == "--binary: takes no value");
  CHECK(parse({"ws://a/", "--size"}).wrong() == "--size: needs a value: BYTES");
  CHECK(parse({"--binary"}).wrong() == "no URL is given: ws://HOST/PATH or wss://HOST/PATH");
  CHECK(parse({"ws://a/", "ws://b/"}).wrong() == "two URLs: ws://a/ and ws://b/");
}

TEST_CASE("options that exclude each other are named both", "[load]") {
  struct Pair {
    std::vector<const char*> words;
    const char* first;
    const char* second;
  };
  const std::vector<Pair> pairs{{{"--rate=1", "--ramp-for=1s"}, "--rate", "--ramp-for"},
                                {{"--every=1s", "--in-flight=1"}, "--every", "--in-flight"},
                                {{"--size=1", "--message=x"}, "--size", "--message"},
                                {{"--in-flight=1", "--answer=none"}, "--in-flight", "--answer none"},
                                {{"--lifetime=0", "--answer=none"}, "--lifetime 0", "--answer none"},
                                {{"--ca=x", "--insecure"}, "--ca", "--insecure"}};
  for (const auto& [words, first, second] : pairs) {
    CHECK_THAT(wrong(words), Catch::Contains(first) && Catch::Contains(second));
  }
}

TEST_CASE("the help needs no URL, and its lines fit on a terminal", "[load]") {
  CHECK(parse({"--help"})->help);
  CHECK(parse({"-h"})->help);
  CHECK(parse({"--version"})->version);
  const std::string text = load_help();
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    REQUIRE(end != std::string::npos);
    CHECK(end - at <= 80);
    at = end + 1;
  }
  CHECK_THAT(text, Catch::StartsWith("Usage: wsflow-load [OPTION]... URL\n"));
}
