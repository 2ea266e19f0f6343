#include "mod_wsflow/limits/need.hpp"

#include <catch2/catch.hpp>

#include "mod_wsflow/status/limit_text.hpp"
#include "t/unit/support/offered_load.hpp"

using namespace wsflow;
using limits::Need;
using test::Arriving;
using test::Holding;
using test::OfferedLoad;
using test::Shape;

namespace {

constexpr double kHour = 3600;
constexpr double kDay = 24 * kHour;

// What the limit should say: on average over the same minute, or at the moment, which is half a second where
// permits are held for less.
double truth(const OfferedLoad& load, const Shape& shape, double window) {
  return std::max(load.truth(window), shape.held < 0.5 ? load.truth(0.5) : load.truth_now());
}

// Looks at the limit from time to time, once the load has lasted for so many holding times.
void check_looks(const Shape& shape, double holdings, double patience) {
  OfferedLoad load(shape);
  load.run(std::max(shape.held * holdings, 70.0));
  for (int look = 0; look < 20; ++look) {
    load.run(shape.held * 0.37);
    const auto need = load.told();
    CAPTURE(shape.permits, shape.held, shape.offered, look, need.held, need.refused, need.now);
    REQUIRE(need.known == Need::Known::about);
    REQUIRE(need.permits == Approx(truth(load, shape, need.window)).epsilon(patience));
    if (shape.held >= 0.5) REQUIRE(need.permits >= need.now);
  }
}

}  // namespace

TEST_CASE("a steady load of fixed times needs its rate times its time, be it 10 ms or days",
          "[limits][need]") {
  const auto held = GENERATE(0.01, 0.2, 2.0, 60.0, kHour, 2 * kDay);
  const auto [permits, offered] =
      GENERATE(std::pair(1U, 4.0), std::pair(5U, 10.0), std::pair(100U, 40.0), std::pair(100U, 250.0));
  const Shape shape{.permits = permits, .held = held, .offered = offered};
  if (offered / held > 5000) return;  // takes long, and shows nothing more
  OfferedLoad load(shape);
  load.run(std::max(held * 5, 70.0));
  for (int look = 0; look < 20; ++look) {
    load.run(held * 0.37);
    const auto need = load.told();
    CAPTURE(held, permits, offered, look, need.held, need.refused);
    REQUIRE(need.permits == Approx(offered).epsilon(0.1));
  }
}

TEST_CASE("whatever the times are like, the need is that of the load without a limit", "[limits][need]") {
  const auto held = GENERATE(0.05, 2.0, kHour, 2 * kDay);
  const auto holding = GENERATE(Holding::exponential, Holding::heavy);
  const auto arriving = GENERATE(Arriving::evenly, Arriving::at_random);
  const double size = held < 1 ? 0.3 : 1;
  check_looks({.permits = static_cast<std::uint32_t>(300 * size),
               .holding = holding,
               .arriving = arriving,
               .held = held,
               .offered = 750 * size},
              10, 0.1);
}

TEST_CASE("where nobody is refused, the need is what is held", "[limits][need]") {
  const auto held = GENERATE(0.05, 2.0, kHour, 2 * kDay);
  const auto holding = GENERATE(Holding::exponential, Holding::heavy);
  check_looks(
      {.permits = 1000, .holding = holding, .arriving = Arriving::at_random, .held = held, .offered = 100}, 3,
      held < 1 ? 0.1 : 0.001);
}

TEST_CASE("in bursts the need is that of the burst, as long as it would last", "[limits][need]") {
  const auto held = GENERATE(2.0, 600.0, kHour, 2 * kDay);
  const auto every = GENERATE(0.5, 3.0);
  Shape shape{.permits = 300,
              .arriving = Arriving::in_bursts,
              .held = held,
              .offered = 1000 / every,
              .burst_every = held * every,
              .burst_lasts = held * every / 50};
  SECTION("of fixed times") {
    check_looks(shape, 6, 0.1);
  }
  SECTION("of random times, when most of it is still there") {
    shape.holding = Holding::exponential;
    if (every < 1) check_looks(shape, 20, 0.1);
  }
}

TEST_CASE("bursts that are over in no time need little on average, and are told all the same",
          "[limits][need]") {
  OfferedLoad load({.permits = 300,
                    .arriving = Arriving::in_bursts,
                    .held = 0.05,
                    .offered = 1000 * 0.05 / 10,
                    .burst_every = 10,
                    .burst_lasts = 0.01});
  load.run(75);
  const auto need = load.told();
  CHECK(need.permits == Approx(load.truth(need.window)).epsilon(0.1));
  CHECK(need.most == 300);
}

TEST_CASE("300 of 300 in use for hours, and 445 refused", "[limits][need]") {
  test::OfferedLoad load({.permits = 300, .held = 6 * kHour, .offered = 6 * kHour * 745 / 30});
  SECTION("nobody knows for how long they would stay while nobody has left") {
    load.run(30);
    const auto need = load.told();
    CHECK(need.known == Need::Known::at_least);
    CHECK(need.permits == 300);
    CHECK(status::advice(need, false).find("no answer yet: at least 300 permits (now 300;") == 0);
  }
  SECTION("they would stay as those do who came with them") {
    load.visit(12, 0.1);
    load.run(30);
    for (const auto later : {0.0, 60.0, kHour}) {
      load.pause(later);
      const auto need = load.told();
      CAPTURE(later, need.held, need.refused);
      CHECK(need.known == Need::Known::about);
      CHECK(need.permits == Approx(745).epsilon(0.1));
      CHECK(need.now == 300);
    }
  }
}

TEST_CASE("just after 218 of 220 tunnels have closed at once, they are all that was needed",
          "[limits][need]") {
  const auto lived = GENERATE(5.0, 600.0, 5 * kHour);
  test::OfferedLoad load({.permits = 300, .held = kDay, .offered = kDay * 220 / 2});
  load.run(2.001);
  load.pause(lived);
  load.leave(218);
  for (const auto later : {0.001, 5.0, 70.0}) {
    load.pause(later);
    const auto need = load.told();
    CAPTURE(lived, later, need.held);
    CHECK(need.now == 2);
    CHECK(need.permits >= 2);
    CHECK(need.permits <= 221);
    if (later > 60) CHECK(need.permits == 2);
  }
}

TEST_CASE("what waits is needed too", "[limits][need]") {
  test::OfferedLoad load({.permits = 20, .held = kHour, .offered = 20 * kHour});
  load.run(5);
  load.wait_in_line(30);
  const auto need = load.told();
  CHECK(need.now == 50);
  CHECK(need.permits >= 50);
}

TEST_CASE("the sentence has the number, and what it is made of", "[limits][need]") {
  const Need need{.known = Need::Known::about,
                  .permits = 744.6,
                  .most = 310,
                  .now = 300,
                  .held = 299.7,
                  .refused = 444.9,
                  .window = 54.6};
  CHECK(status::advice(need, false) ==
        "needs about 745 permits (mean of 54.6 s: 300 held and 445 for the refused; now 300, at most 310 at "
        "a time)");
  CHECK(status::advice(need, true).find("needs about 745 permits for all keys together (") == 0);
  CHECK(status::advice({}, false) == "nothing measured yet");
}
