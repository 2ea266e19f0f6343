#include "mod_wsflow/metrics/catalogue.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

using namespace wsflow;
using namespace wsflow::metrics;

TEST_CASE("the families cover every counter exactly once", "[catalogue]") {
  std::vector<int> covered(kCounters, 0);
  for (const auto& family : families()) {
    REQUIRE(family.count > 0);
    REQUIRE(family.first + family.count <= kCounters);
    for (std::size_t i = 0; i < family.count; ++i) ++covered[family.first + i];
  }
  for (const auto& family : histograms()) {
    for (std::size_t i = 0; i < family.count * family.times.counters(); ++i) ++covered.at(family.first + i);
  }
  for (std::size_t i = 0; i < kCounters; ++i) {
    INFO("counter " << i);
    CHECK(covered[i] == 1);
  }
}

TEST_CASE("every family is named and explained as Prometheus wants it", "[catalogue]") {
  std::set<std::string> names;
  for (const auto& family : families()) {
    const std::string name(family.metric);
    CHECK(name.rfind("wsflow_", 0) == 0);
    CHECK(name.size() > 6);
    CHECK(name.substr(name.size() - 6) == "_total");
    CHECK(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos);
    CHECK(std::string(family.help).back() == '.');
    CHECK((family.count == 1) == std::string(family.labels).empty());
    names.insert(name);
  }
  CHECK(names.size() == families().size());
}

TEST_CASE("a histogram is named in seconds and explained", "[catalogue]") {
  for (const auto& family : histograms()) {
    const std::string name(family.metric);
    CHECK(name.rfind("wsflow_", 0) == 0);
    CHECK(name.substr(name.size() - 8) == "_seconds");
    CHECK(std::string(family.help).back() == '.');
    CHECK((family.count == 1) == std::string(family.labels).empty());
  }
}

TEST_CASE("a time falls into the first bucket whose bound is not below it", "[catalogue]") {
  for (const auto& family : histograms()) {
    INFO(family.metric);
    const auto& times = family.times;
    CHECK(std::is_sorted(times.bounds.begin(), times.bounds.end(), std::less_equal<>()));
    for (std::size_t i = 0; i < times.bounds.size(); ++i) {
      const auto bound = std::uint64_t{times.bounds[i]} * times.bound;
      CHECK(bucket(times, bound) == i);
      CHECK(bucket(times, bound + 1) == i + 1);
    }
    CHECK(bucket(times, 0) == 0);
    CHECK(bucket(times, UINT64_MAX) == times.buckets() - 1);
  }
}

TEST_CASE("the values of the labels of a family are as many as its counters", "[catalogue]") {
  const auto values = [](std::string labels) {
    std::size_t product = 1;
    std::istringstream stream(labels);
    for (std::string name; std::getline(stream, name, ',');) {
      INFO(name);
      const auto& found = label(name);
      REQUIRE(found.name == name);
      std::set<std::string> different;
      for (std::size_t i = 0; i < found.count; ++i) different.insert(found.value(i));
      CHECK(different.size() == found.count);
      product *= found.count;
    }
    return product;
  };
  for (const auto& family : families()) CHECK(values(family.labels) == family.count);
  for (const auto& family : histograms()) CHECK(values(family.labels) == family.count);
  CHECK(std::string(label("result").value(0)) == "upgraded");
  CHECK(std::string(label("result").value(1)) == base::name(base::HandshakeRefusal::bad_method));
}

TEST_CASE("close codes have their places at every boundary", "[catalogue]") {
  const auto name_of = [](int code) {
    return std::string(
        close_code_name(static_cast<std::size_t>(close_class(static_cast<std::uint16_t>(code)))));
  };
  for (int code = 1000; code <= 1015; ++code) CHECK(name_of(code) == std::to_string(code));
  for (const int code : {3000, 3500, 3999}) CHECK(name_of(code) == "3xxx");
  for (const int code : {4000, 4500, 4999}) CHECK(name_of(code) == "4xxx");
  for (const int code : {0, 1, 999, 1016, 2999, 5000, 65535}) CHECK(name_of(code) == "other");
}

TEST_CASE("every index of a close code or opcode class has a name of its own", "[catalogue]") {
  std::set<std::string> closes;
  for (std::size_t i = 0; i < kCloseCodes; ++i) closes.insert(close_code_name(i));
  CHECK(closes.size() == kCloseCodes);
  std::set<std::string> opcodes;
  for (std::size_t i = 0; i < kOpcodeClasses; ++i) opcodes.insert(opcode_class_name(i));
  CHECK(opcodes ==
        std::set<std::string>{"continuation", "text", "binary", "close", "ping", "pong", "reserved"});
}

TEST_CASE("no close code is outside the table", "[catalogue]") {
  for (unsigned code = 0; code <= 0xFFFF; ++code) {
    if (static_cast<std::size_t>(close_class(static_cast<std::uint16_t>(code))) >= kCloseCodes)
      FAIL("code " << code);
  }
  SUCCEED();
}

TEST_CASE("the directions are named", "[catalogue]") {
  CHECK(std::string(name(Direction::client_to_origin)) == "client_to_origin");
  CHECK(std::string(name(Direction::origin_to_client)) == "origin_to_client");
}
