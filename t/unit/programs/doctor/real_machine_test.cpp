#include "mod_wsflow/programs/doctor/real_machine.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "mod_wsflow/base/unique_fd.hpp"
#include "t/unit/support/child_process.hpp"

using namespace wsflow;

namespace {

constexpr int kLong_ms = 60'000;
constexpr std::size_t kMost = 16UL * 1024 * 1024;

base::Parsed<doctor::CommandOutput> shell(const std::string& script, int patience_ms) {
  return doctor::run_command({"sh", "-c", script}, patience_ms);
}

// A file in place of /etc/hosts, for a process: "server.test" has two addresses there.
class TwoAddresses {
 public:
  TwoAddresses()
      : file_(std::filesystem::temp_directory_path() / ("wsflow-hosts-" + std::to_string(::getpid()))) {
    std::ofstream(file_) << "127.0.0.7 server.test\n127.0.0.8 server.test\n";
  }
  TwoAddresses(const TwoAddresses&) = delete;
  TwoAddresses& operator=(const TwoAddresses&) = delete;
  ~TwoAddresses() { std::filesystem::remove(file_); }

  // From here on this process sees it. False: it may not do that.
  bool enter() const {
    if (::unshare(CLONE_NEWNS) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount(file_.c_str(), "/etc/hosts", nullptr, MS_BIND, nullptr) == 0;
  }
  bool possible() const {
    return test::ChildProcess([this] { return enter(); }).ended_well();
  }

 private:
  std::string file_;
};

sockaddr_in address(const char* host, std::uint16_t port) {
  sockaddr_in made{};
  made.sin_family = AF_INET;
  made.sin_port = htons(port);
  ::inet_pton(AF_INET, host, &made.sin_addr);
  return made;
}

// Bound, and not listening: it refuses.
base::UniqueFd bound(const char* host, std::uint16_t& port) {
  base::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  auto here = address(host, port);
  auto* const generic = reinterpret_cast<sockaddr*>(&here);
  socklen_t size = sizeof here;
  REQUIRE(::bind(fd.get(), generic, size) == 0);
  REQUIRE(::getsockname(fd.get(), generic, &size) == 0);
  port = ntohs(here.sin_port);
  return fd;
}

// Fills the queue of a listening socket: the kernel drops whoever asks for one more connection.
std::vector<base::UniqueFd> fill_queue(const char* host, std::uint16_t port) {
  std::vector<base::UniqueFd> waiting;
  const auto there = address(host, port);
  pollfd last{};
  do {
    waiting.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    ::connect(waiting.back().get(), reinterpret_cast<const sockaddr*>(&there), sizeof there);
    last = {waiting.back().get(), POLLOUT, 0};
  } while (waiting.size() < 100 && ::poll(&last, 1, 200) == 1);
  REQUIRE(waiting.size() < 100);
  return waiting;
}

// Answers every request, until it is killed.
bool serve(int listener) {
  for (;;) {
    const base::UniqueFd fd(::accept(listener, nullptr, nullptr));
    char request[1024];
    if (::read(fd.get(), request, sizeof request) <= 0) continue;
    constexpr std::string_view kAnswer = "HTTP/1.0 200 OK\r\n\r\nhello";
    if (::write(fd.get(), kAnswer.data(), kAnswer.size()) < 0) return false;
  }
}

// Whether a process that knows both addresses of the name gets the answer.
bool answered(const TwoAddresses& addresses, std::uint16_t port, int patience_ms) {
  test::ChildProcess client([&] {
    const auto url = "http://server.test:" + std::to_string(port) + "/";
    if (!addresses.enter()) return false;
    const auto answer = doctor::http_get(url, patience_ms);
    return answer && *answer == "hello";
  });
  return client.ended_well();
}

}  // namespace

TEST_CASE("a GET tries each address of a name", "[doctor]") {
  const TwoAddresses addresses;
  if (!addresses.possible()) {
    WARN("not tried: this user may not have a mount namespace");
    return;
  }
  const bool first_serves = GENERATE(true, false);
  const bool silent = GENERATE(false, true);
  CAPTURE(first_serves, silent);
  const char* const good_host = first_serves ? "127.0.0.7" : "127.0.0.8";
  const char* const bad_host = first_serves ? "127.0.0.8" : "127.0.0.7";
  std::uint16_t port = 0;
  const auto good = bound(good_host, port);
  const auto bad = bound(bad_host, port);
  REQUIRE(::listen(good.get(), 5) == 0);
  std::vector<base::UniqueFd> waiting;
  if (silent) {
    REQUIRE(::listen(bad.get(), 0) == 0);
    waiting = fill_queue(bad_host, port);
  }
  const test::ChildProcess server([&] { return serve(good.get()); });
  // The silent address has half of it.
  CHECK(answered(addresses, port, silent ? 4000 : kLong_ms));
}

TEST_CASE("a command that says too much is cut off, and does not block", "[doctor]") {
  // Commands inherit it, and other tests have it ignored.
  const auto before = ::signal(SIGPIPE, SIG_DFL);
  // The other stream is open.
  const auto one = shell("exec head -c 20000000 /dev/zero", kLong_ms);
  CHECK(one.wrong().empty());
  REQUIRE(one);
  CHECK(one->out.size() >= kMost);
  CHECK(one->status == 128 + SIGPIPE);
  // The other stream has ended. timeout(1) ends a command that blocks.
  const auto other = shell("exec 2>&-; exec timeout 30 head -c 20000000 /dev/zero", kLong_ms);
  REQUIRE(other);
  CHECK(other->out.size() >= kMost);
  CHECK(other->status != 124);
  ::signal(SIGPIPE, before);
}

TEST_CASE("a command that has closed its streams is waited for as long as the others", "[doctor]") {
  const auto ended = shell("exec >&- 2>&-; sleep 0.1; exit 3", kLong_ms);
  REQUIRE(ended);
  CHECK(ended->status == 3);
  const auto begin = std::chrono::steady_clock::now();
  const auto stuck = shell("exec >&- 2>&-; exec sleep 30", 200);
  CHECK(stuck.wrong() == "sh did not end within 0 s");
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(25));
  // It is not left behind, neither running nor dead.
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
}
