#include "mod_wsflow/limits/key.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <utility>

#include "mod_wsflow/os/digest.hpp"

using namespace wsflow;
using limits::make_key;
using limits::network_of;

namespace {

constexpr std::uint64_t kSecret[4] = {1, 2, 3, 4};

std::pair<std::uint64_t, std::uint64_t> hash_of(std::string_view text,
                                                const std::uint64_t (&secret)[4] = kSecret) {
  const auto key = make_key(secret, text, false);
  return {key.hash[0], key.hash[1]};
}

std::string network(std::string_view text, unsigned bits) {
  char space[64];
  return std::string(network_of(text, bits, space));
}

}  // namespace

TEST_CASE("a digest is the SHA-256 of the secret and the text", "[limits][key]") {
  // printf abc | sha256sum: ba7816bf8f01cfea 414140de5dae2223 b00361a396177a9c ...
  const auto digest = os::digest128({}, "abc");
  CHECK(digest[0] == 0xEACF018FBF1678BA);
  CHECK(digest[1] == 0x2322AE5DDE404141);
  // The bytes of "abcdefgh" as the secret are the beginning of the text.
  const std::uint64_t secret[] = {0x6867666564636261};
  CHECK(os::digest128(secret, "ij") == os::digest128({}, "abcdefghij"));
}

TEST_CASE("keys of any size and kind differ as their texts do", "[limits][key]") {
  const std::string zeros(8192, '\0');
  const std::string texts[] = {"",  "a", "b",   "ab",       std::string(1, '\0'), std::string(2, '\0'),
                               "A", " ", zeros, zeros + "x"};
  std::set<std::pair<std::uint64_t, std::uint64_t>> hashes;
  for (const auto& text : texts) {
    CHECK(hash_of(text) == hash_of(text));
    hashes.insert(hash_of(text));
  }
  CHECK(hashes.size() == std::size(texts));
  CHECK(hash_of("") == std::pair<std::uint64_t, std::uint64_t>(0, 0));
  CHECK(hash_of("a") != hash_of("a", {1, 2, 3, 5}));
}

TEST_CASE("a key keeps the beginning of its text where it may be shown", "[limits][key]") {
  const std::string text(100, 'x');
  CHECK(make_key(kSecret, text, false).shown_size == 0);
  const auto key = make_key(kSecret, text, true);
  CHECK(std::string_view(key.shown, key.shown_size) == std::string(limits::kShownKey, 'x'));
  const auto brief = make_key(kSecret, "a\nb", true);
  CHECK(std::string_view(brief.shown, brief.shown_size) == "a\nb");
}

TEST_CASE("IPv6 addresses are known by their network", "[limits][key]") {
  CHECK(network("2001:db8:1:2:3:4:5:6", 64) == "2001:db8:1:2::/64");
  CHECK(network("2001:DB8:1:2::", 64) == "2001:db8:1:2::/64");
  CHECK(network("2001:db8:1:2ff::1", 56) == "2001:db8:1:200::/56");
  CHECK(network("2001:db8:1:2ff::1", 61) == "2001:db8:1:2f8::/61");
  CHECK(network("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 127) ==
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127");
  CHECK(network("2001:db8::1", 1) == "::/1");
  CHECK(network("2001:db8:0::1", 128) == "2001:db8::1");
  CHECK(network("fe80::1:2%eth0", 64) == "fe80::%eth0/64");
}

TEST_CASE("everything else stays as it is", "[limits][key]") {
  CHECK(network("192.0.2.7", 64) == "192.0.2.7");
  CHECK(network("::ffff:192.0.2.7", 64) == "192.0.2.7");
  CHECK(network("::FFFF:c000:0207", 64) == "192.0.2.7");
  for (const std::string_view text : {"", "user@example.org", "a:b", "2001:db8::1::", "%:", ":"}) {
    CHECK(network(text, 64) == text);
  }
  for (const auto& text : {std::string(8192, ':'), "fe80::1%" + std::string(100, 'e')}) {
    CHECK(network(text, 64) == text);
  }
}

TEST_CASE("a key that nodes share has the same hash on all of them, whatever their secret", "[key]") {
  const auto key = limits::make_shared_key("app", "ann", true);
  // The first 128 bits of SHA-256 of "app", a zero and "ann".
  CHECK(key.hash[0] == 0x4b832a673241c902U);
  CHECK(limits::make_shared_key("other", "ann", false).hash[0] != key.hash[0]);
  CHECK(limits::make_shared_key("app", "", true).hash[0] == 0);
  CHECK(std::string(key.shown, key.shown_size) == "ann");
}
