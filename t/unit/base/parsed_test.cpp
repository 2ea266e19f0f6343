#include "mod_wsflow/base/parsed.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <string>

using wsflow::base::Parsed;
using wsflow::base::Wrong;

TEST_CASE("what is parsed is a value or a sentence", "[parsed]") {
  const Parsed<int> value = 0;
  CHECK(value);
  CHECK(*value == 0);
  CHECK(value.wrong().empty());
  const Parsed<int> sentence = Wrong{"x: needs a number"};
  CHECK_FALSE(sentence);
  CHECK(sentence.wrong() == "x: needs a number");
}

TEST_CASE("a value that is a text is no sentence", "[parsed]") {
  const Parsed<std::string> text = std::string("x");
  CHECK(text);
  CHECK(text->size() == 1);
}

TEST_CASE("a value can be moved out", "[parsed]") {
  Parsed<std::unique_ptr<int>> parsed = std::make_unique<int>(5);
  const auto value = *std::move(parsed);
  CHECK(*value == 5);
}
