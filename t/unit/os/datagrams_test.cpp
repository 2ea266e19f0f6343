#include "mod_wsflow/os/datagrams.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <optional>

#include "mod_wsflow/base/unique_fd.hpp"

using namespace wsflow;
using os::Sent;

namespace {

struct Pair {
  Pair() {
    int fds[2];
    REQUIRE(os::make_datagram_pair(fds));
    from.emplace(fds[0]);
    to.emplace(fds[1]);
  }
  Sent send(char what) const { return os::send_datagram(from->get(), std::as_bytes(std::span(&what, 1))); }
  char receive() const {
    std::array<char, 8> bytes{};
    return os::receive_datagram(to->get(), std::as_writable_bytes(std::span(bytes))) == 1 ? bytes[0] : '\0';
  }

  std::optional<base::UniqueFd> from;
  std::optional<base::UniqueFd> to;
};

}  // namespace

TEST_CASE("datagrams come out whole and in order, and no more go in than there is room for", "[datagrams]") {
  const Pair pair;
  int sent = 0;
  Sent last = Sent::yes;
  while ((last = pair.send(static_cast<char>('a' + sent % 26))) == Sent::yes) ++sent;
  CHECK(last == Sent::full);
  REQUIRE(sent > 0);
  CHECK(pair.receive() == 'a');
  CHECK(pair.send('!') == Sent::yes);
  for (int i = 1; i < sent; ++i) REQUIRE(pair.receive() == static_cast<char>('a' + i % 26));
  CHECK(pair.receive() == '!');
  CHECK(pair.receive() == '\0');
}

TEST_CASE("who cannot send any more is told so at once, and what waits is still there", "[datagrams]") {
  const Pair pair;
  REQUIRE(pair.send('x') == Sent::yes);
  os::end_sending(pair.from->get());
  CHECK(pair.send('y') == Sent::never);
  CHECK(pair.receive() == 'x');
  CHECK(pair.receive() == '\0');
}

TEST_CASE("nothing is sent to nobody", "[datagrams]") {
  Pair pair;
  pair.to.reset();
  CHECK(pair.send('x') == Sent::never);
  CHECK(os::send_datagram(-1, {}) == Sent::never);
}
