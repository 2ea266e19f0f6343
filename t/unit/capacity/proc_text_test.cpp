#include "mod_wsflow/capacity/proc_text.hpp"

#include <catch2/catch.hpp>

namespace wsflow::capacity {

TEST_CASE("numbers of /proc") {
  CHECK(number_of("4096\n") == 4096);
  CHECK(number_of("\t12 34") == 12);
  CHECK(number_of("max\n") == kUnlimited);
  CHECK(number_of("unlimited") == kUnlimited);
  CHECK(number_of("18446744073709551615") == kUnlimited);
  for (const auto* text : {"", " ", "x", "12x", "-1", "18446744073709551616"}) CHECK_FALSE(number_of(text));
}

TEST_CASE("words of a text") {
  CHECK(word_of(" a  b\tc\n", 0) == "a");
  CHECK(word_of(" a  b\tc\n", 2) == "c");
  CHECK(word_of(" a  b\tc\n", 3).empty());
  CHECK(word_of("", 0).empty());
}

TEST_CASE("the limit of descriptors of a process") {
  constexpr const char* kText =
      "Limit                     Soft Limit           Hard Limit           Units     \n"
      "Max cpu time              unlimited            unlimited            seconds   \n"
      "Max open files            1024                 1048576              files     \n";
  const auto limit = descriptor_limit(kText);
  REQUIRE(limit);
  CHECK(limit->soft == 1024);
  CHECK(limit->hard == 1048576);
  CHECK_FALSE(descriptor_limit("Max open files            1024"));
  CHECK_FALSE(descriptor_limit("Max locked memory  8 8 bytes\n"));
}

TEST_CASE("memory that is available") {
  constexpr const char* kText = "MemTotal:       24684000 kB\nMemAvailable:   23248 kB\n";
  CHECK(meminfo(kText, "MemAvailable") == 23248U * 1024);
  CHECK_FALSE(meminfo(kText, "MemFree"));
  CHECK_FALSE(meminfo("MemAvailable: 5\n", "MemAvailable"));
  CHECK_FALSE(meminfo("MemAvailable: 18446744073709551615 kB\n", "MemAvailable"));
}

TEST_CASE("pages of TCP") {
  CHECK(tcp_pages("sockets: used 187\nTCP: inuse 5 orphan 0 tw 0 alloc 7 mem 12\nUDP: inuse 1 mem 1\n") ==
        12);
  CHECK_FALSE(tcp_pages("TCP: inuse 5\n"));
  CHECK_FALSE(tcp_pages("TCP: inuse 5 mem\n"));
  CHECK_FALSE(tcp_pages("UDP: inuse 1 mem 1\n"));
}

TEST_CASE("control groups, of both hierarchies") {
  const auto two = group_of("0::/system.slice/apache2.service\n", "memory");
  REQUIRE(two);
  CHECK(two->unified);
  CHECK(two->path == "/system.slice/apache2.service");
  constexpr const char* kOld = "4:memory:/process_api/x\n3:cpuset,pids:/p\n0::/\n";
  CHECK(group_of(kOld, "memory")->path == "/process_api/x");
  CHECK_FALSE(group_of(kOld, "memory")->unified);
  CHECK(group_of(kOld, "pids")->path == "/p");
  CHECK(group_of(kOld, "blkio")->unified);
  CHECK_FALSE(group_of("nonsense\n::\n1:x", "memory"));
}

TEST_CASE("the unit of a process") {
  CHECK(unit_of("1:name=systemd:/system.slice/apache2.service\n0::/\n") == "apache2.service");
  CHECK(unit_of("0::/system.slice/system-apache2.slice/apache2@one.service/x\n") == "apache2@one.service");
  CHECK(unit_of("0::/user.slice/session-1.scope\n").empty());
}

TEST_CASE("fields of a process's status") {
  CHECK(status_field("Name:\tapache2\nState:\tZ (zombie)\n", "State") == "Z (zombie)");
  CHECK(status_field("Name:\tapache2\n", "State").empty());
  CHECK(status_field("States: x\n", "State").empty());
}

}  // namespace wsflow::capacity
