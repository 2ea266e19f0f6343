#include "mod_wsflow/os/process_title.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <string>

#include "mod_wsflow/base/unique_fd.hpp"
#include "mod_wsflow/os/wait.hpp"
#include "t/unit/support/child_process.hpp"

using namespace wsflow;

namespace {

std::string proc_file(const std::string& pid, const std::string& name) {
  std::ifstream file("/proc/" + pid + "/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A forked process with a title.
class Titled {
 public:
  Titled(const std::string& title, const char* name)
      : child_([&] {
          os::set_process_title(title, name);
          ::write(ready_.writer.get(), "r", 1);
          test::wait_to_be_killed();
          return true;
        }) {
    REQUIRE(os::wait_readable({ready_.reader.get()}, base::Millis(20'000)));
  }
  std::string file(const std::string& name) const { return proc_file(std::to_string(child_.pid()), name); }

 private:
  struct Ready {
    Ready() {
      int ends[2];
      REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
      reader = base::UniqueFd(ends[0]);
      writer = base::UniqueFd(ends[1]);
    }
    base::UniqueFd reader;
    base::UniqueFd writer;
  };
  Ready ready_;
  test::ChildProcess child_;
};

// Returns `title` as it appears over arguments of `size` bytes.
std::string shown(std::string title, std::size_t size) {
  title.resize(std::min(title.size(), size - 1));
  title.resize(size);
  return title;
}

}  // namespace

TEST_CASE("a title stands where the arguments stood", "[process_title]") {
  const auto own = proc_file("self", "cmdline");
  const auto* name = GENERATE("wsflow-keeper", "", "a b", ") ) (", ") 1 2 3 4 5 6");
  const std::string title = GENERATE("", "w", "wsflow: keeper of generation 7");
  CAPTURE(title, name, own.size());
  const Titled child(title, name);
  CHECK(child.file("cmdline") == shown(title, own.size()));
  CHECK(child.file("comm") == std::string(name) + "\n");
  CHECK(proc_file("self", "cmdline") == own);
}

TEST_CASE("a title that is too long is cut", "[process_title]") {
  const auto size = proc_file("self", "cmdline").size();
  const std::string title(size + 1000, 'x');
  const Titled child(title, "a-name-of-more-than-15");
  CHECK(child.file("cmdline") == shown(title, size));
  CHECK(child.file("comm") == "a-name-of-more-\n");
}
