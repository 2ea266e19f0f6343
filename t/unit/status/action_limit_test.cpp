#include "mod_wsflow/status/action_limit.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace wsflow;
using status::Field;

namespace {

struct Read {
  std::vector<Field> fields;
  std::string wrong;
  std::optional<status::LimitAction> action;
};

// A change of the limit "app" by `more`.
Read read(const std::vector<Field>& more) {
  Read result{.fields = {{"nonce", "x"}, {"action", "limit"}, {"name", "app"}}, .wrong = {}, .action = {}};
  result.fields.insert(result.fields.end(), more.begin(), more.end());
  const auto action = status::read_limit_action(result.fields);
  if (action) result.action = *action;
  result.wrong = action.wrong();
  return result;
}

std::string problem(const std::vector<Field>& fields) {
  const auto action = status::read_limit_action(fields);
  CHECK_FALSE(action);
  return action.wrong();
}

}  // namespace

TEST_CASE("a form changes what it names and nothing else", "[action_limit]") {
  const auto all = read({{"concurrency", "40"}, {"rate", "30/m"}, {"burst", "7"}, {"queue", "0"}});
  REQUIRE(all.action);
  CHECK(all.action->limit == "app");
  CHECK(all.action->change.concurrency == 40U);
  CHECK(all.action->change.rate == 0.5);
  CHECK(all.action->change.burst == 7U);
  CHECK(all.action->change.queue == 0U);
  const auto one = read({{"queue", "10000"}});
  REQUIRE(one.action);
  CHECK(one.action->change.queue == 10000U);
  CHECK_FALSE(one.action->change.concurrency);
  CHECK_FALSE(one.action->change.rate);
  CHECK_FALSE(one.action->change.burst);
}

TEST_CASE("rates may be written in three units, or without", "[action_limit]") {
  const auto rate = [](std::string_view text) {
    const auto form = read({{"rate", text}});
    return form.action ? form.action->change.rate.value_or(-1) : -2;
  };
  CHECK(rate("10") == 10);
  CHECK(rate("0.25") == 0.25);
  CHECK(rate("10/s") == 10);
  CHECK(rate("1/h") == Approx(1.0 / 3600));
  CHECK(rate("1000000/s") == 1e6);
  CHECK(rate("off") == 0);
}

TEST_CASE("a value that is not legal is named with those that are", "[action_limit]") {
  const auto* number =
      GENERATE("", "0", "-1", "+1", "1.5", "1000001", "4294967297", "1x", " 1", "1 ", "0x10", "auto");
  for (const auto* field : {"concurrency", "burst"}) {
    const auto form = read({{field, number}});
    CHECK_FALSE(form.action);
    CHECK(form.wrong == std::string(field) + "=" + number + ": legal is a whole number from 1 to 1000000");
  }
}

TEST_CASE("a rate that is not legal is named with those that are", "[action_limit]") {
  const auto* rate = GENERATE("", "0", "0/s", "-1/s", "1/d", "1/", "/s", "1//s", "1/sx", "nan", "inf", "1e3",
                              "1000001", "0.9/h", "Off");
  CHECK(
      read({{"rate", rate}}).wrong.find(std::string("rate=") + rate + ": legal is off or a number with /s") ==
      0);
  CHECK(read({{"queue", "10001"}}).wrong == "queue=10001: legal is a whole number from 0 to 10000");
}

TEST_CASE("fields that are unknown, there twice or missing are named", "[action_limit]") {
  CHECK(read({{"concurency", "1"}}).wrong ==
        "concurency=1: there is no such field; legal are nonce, from, back, action, confirmed, name, "
        "concurrency, "
        "rate, burst, queue");
  CHECK(read({{"queue", "1"}, {"queue", "2"}}).wrong == "queue=2: the field is there twice");
  CHECK(read({{"queue", "1"}, {"name", "other"}}).wrong == "name=other: the field is there twice");
  CHECK(read({}).wrong == "nothing to change: give concurrency, rate, burst or queue");
  CHECK(problem({{"action", "limit"}, {"queue", "1"}}).find("name is missing") == 0);
}

TEST_CASE("inputs of the page that were left empty change nothing", "[action_limit]") {
  const auto form = read({{"from", "page"}, {"concurrency", ""}, {"rate", ""}, {"queue", "5"}});
  REQUIRE(form.action);
  CHECK(form.action->change.queue == 5U);
  CHECK_FALSE(form.action->change.concurrency);
  CHECK_FALSE(form.action->change.rate);
  CHECK(read({{"from", "page"}, {"queue", ""}}).wrong.find("nothing to change") == 0);
  CHECK(read({{"from", "shell"}, {"queue", "1"}}).wrong == "from=shell: legal is page");
}

TEST_CASE("an error quotes the beginning of what was sent", "[action_limit]") {
  const std::string large(8000, 'x');
  CHECK(read({{"queue", large}}).wrong.size() < 200);
  CHECK(read({{large, large}}).wrong.size() < 300);
}

TEST_CASE("a queue in which nobody could wait is refused", "[action_limit]") {
  limits::LimitDefinition definition;
  const auto problem_of = [&](std::uint32_t queue) {
    return status::out_of_place({.concurrency = {}, .queue = queue, .rate = {}, .burst = {}}, definition);
  };
  CHECK(problem_of(1).find("queue: nobody may wait") == 0);
  CHECK(problem_of(0).empty());
  definition.acquire = 1;
  CHECK(problem_of(1).empty());
}

TEST_CASE("concurrency=auto is not led out of its bounds", "[action_limit]") {
  limits::LimitDefinition definition;
  const auto problem_of = [&](std::optional<std::uint32_t> concurrency) {
    return status::out_of_place({.concurrency = concurrency, .queue = {}, .rate = {}, .burst = {}},
                                definition);
  };
  CHECK(problem_of(99).empty());
  definition.least = 5;
  definition.most = 50;
  CHECK(problem_of(4) == "concurrency=4: legal is 5 to 50, the bounds of this limit's concurrency=auto");
  CHECK_FALSE(problem_of(51).empty());
  CHECK(problem_of(5).empty());
  CHECK(problem_of(50).empty());
  CHECK(problem_of(std::nullopt).empty());
}

TEST_CASE("the log is told old and new values of what was changed", "[action_limit]") {
  const limits::LimitSettings before{.concurrency = 20, .queue = 40, .rate = 0, .burst = 1};
  CHECK(status::told({.concurrency = 24, .queue = 0, .rate = 0.5, .burst = 3}, before) ==
        "concurrency 20 to 24, rate off to 0.5/s, burst 1 to 3, queue 40 to 0");
  CHECK(status::told({.concurrency = {}, .queue = {}, .rate = 0.0, .burst = {}}, before) ==
        "rate off to off");
}
