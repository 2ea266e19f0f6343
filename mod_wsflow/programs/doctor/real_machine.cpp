#include "mod_wsflow/programs/doctor/real_machine.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "mod_wsflow/base/unique_fd.hpp"
#include "mod_wsflow/os/connect.hpp"
#include "mod_wsflow/os/text_file.hpp"

extern char** environ;

namespace wsflow::doctor {

namespace {

using base::UniqueFd;
using base::Wrong;

constexpr std::size_t kMostBytes = 16 * 1024 * 1024;

// Reads what is there now into `text`. False: the end, an error, or more than there may be.
bool take(int fd, std::string& text) {
  char buffer[16384];
  const auto got = ::read(fd, buffer, sizeof(buffer));
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  text.append(buffer, static_cast<std::size_t>(got));
  return got > 0 && text.size() < kMostBytes;
}

class Deadline {
 public:
  explicit Deadline(int patience_ms) : end_(Clock::now() + std::chrono::milliseconds(patience_ms)) {}
  int left_ms() const {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end_ - Clock::now()).count();
    return static_cast<int>(std::max<std::int64_t>(left, 0));
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point end_;
};

std::string failure(const std::string& what) {
  return what + ": " + std::strerror(errno);
}

// The two ends of a pipe; none on failure.
struct Pipe {
  UniqueFd out;
  UniqueFd in;
};
Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

pid_t spawn(const std::vector<std::string>& words, int out, int err) {
  std::vector<char*> arguments;
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, out, 1);
  ::posix_spawn_file_actions_adddup2(&actions, err, 2);
  pid_t pid = -1;
  errno = ::posix_spawnp(&pid, words.front().c_str(), &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  return errno == 0 ? pid : -1;
}

// Reads both to their ends. What is full is closed: left open and unread, it would block the command in its
// write. False: the time is over.
bool read_both(UniqueFd out, UniqueFd err, CommandOutput& output, const Deadline& deadline) {
  UniqueFd* const ends[] = {&out, &err};
  std::string* const texts[] = {&output.out, &output.err};
  while (out || err) {
    const int left = deadline.left_ms();
    if (left == 0) return false;
    pollfd polled[] = {{out.get(), POLLIN, 0}, {err.get(), POLLIN, 0}};
    if (::poll(polled, 2, left) < 0) {
      if (errno != EINTR) return false;
      continue;
    }
    for (int i = 0; i < 2; ++i) {
      if (polled[i].revents != 0 && !take(polled[i].fd, *texts[i])) ends[i]->reset();
    }
  }
  return true;
}

// Waits for the end of a command, which may have closed its streams long before. False: the time is over.
bool wait_for_end(pid_t pid, int& status, const Deadline& deadline) {
  // A pidfd would tell at once, but nearly every command has ended by now.
  constexpr int kPause_ms = 5;
  while (true) {
    const auto got = ::waitpid(pid, &status, WNOHANG);
    // Where SIGCHLD is ignored, an error tells of the end.
    if (got == pid || (got < 0 && errno != EINTR)) return true;
    const int left = deadline.left_ms();
    if (left == 0) return false;
    ::poll(nullptr, 0, std::min(left, kPause_ms));
  }
}

void kill_and_reap(pid_t pid) {
  ::kill(pid, SIGKILL);
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

struct Address {
  std::string host;  // as in the URL
  std::string port;
  std::string path;
};

// Nothing: it is no http:// URL.
std::optional<Address> parse_url(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) return std::nullopt;
  url.remove_prefix(kScheme.size());
  const auto end = std::min(url.find('/'), url.size());
  auto authority = url.substr(0, end);
  Address address{.host = {}, .port = "80", .path = end < url.size() ? std::string(url.substr(end)) : "/"};
  const auto behind_host = authority.starts_with('[') ? authority.find(']') + 1 : authority.rfind(':');
  const auto colon =
      behind_host < authority.size() && authority[behind_host] == ':' ? behind_host : authority.npos;
  address.host = authority.substr(0, colon);
  if (colon != authority.npos) address.port = authority.substr(colon + 1);
  if (address.host.empty() || address.port.empty()) return std::nullopt;
  return address;
}

struct FreeAddresses {
  void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};

bool wait_for(int fd, short events, const Deadline& deadline) {
  pollfd polled{fd, events, 0};
  int got = 0;
  do got = ::poll(&polled, 1, deadline.left_ms());
  while (got < 0 && errno == EINTR);
  if (got == 0) errno = ETIMEDOUT;
  return got > 0;
}

// 0, or the errno of the failure.
int connect_one(const UniqueFd& fd, const addrinfo& to, const Deadline& deadline) {
  const int error = os::begin_connect(fd.get(), to.ai_addr, to.ai_addrlen);
  if (error != EINPROGRESS) return error;
  if (!wait_for(fd.get(), POLLOUT, deadline)) return errno;
  return os::end_connect(fd.get(), to.ai_addr, to.ai_addrlen);
}

// Connects to one of the addresses of the name: "localhost" is ::1 first, and a server may listen on
// 127.0.0.1 alone. Each has its share of the time that is left, as the first may answer nothing at all.
base::Parsed<UniqueFd> connect_to(const Address& address, const Deadline& deadline) {
  const auto host =
      address.host.starts_with('[') ? address.host.substr(1, address.host.size() - 2) : address.host;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int wrong = ::getaddrinfo(host.c_str(), address.port.c_str(), &hints, &list); wrong != 0)
    return Wrong{address.host + ":" + address.port + ": " + ::gai_strerror(wrong)};
  const std::unique_ptr<addrinfo, FreeAddresses> addresses(list);
  int untried = 0;
  for (const auto* at = list; at != nullptr; at = at->ai_next) ++untried;
  int error = 0;
  for (const auto* at = list; at != nullptr; at = at->ai_next, --untried) {
    auto fd = os::stream_socket(at->ai_family);
    error = fd ? connect_one(fd, *at, Deadline(deadline.left_ms() / untried)) : errno;
    if (error == 0) return fd;
  }
  return Wrong{address.host + ":" + address.port + ": " + std::strerror(error)};
}

}  // namespace

std::optional<std::string> RealMachine::read(const std::string& path) const {
  return os::read_text(path == "-" ? "/dev/stdin" : path, kMostBytes);
}

base::Parsed<CommandOutput> run_command(const std::vector<std::string>& words, int patience_ms) {
  auto out = make_pipe();
  auto err = make_pipe();
  if (!out.in || !err.in) return Wrong{failure("pipe")};
  const auto pid = spawn(words, out.in.get(), err.in.get());
  if (pid < 0) return Wrong{failure(words.front())};
  out.in.reset();
  err.in.reset();
  CommandOutput output;
  int status = 0;
  const Deadline deadline(patience_ms);
  if (!read_both(std::move(out.out), std::move(err.out), output, deadline) ||
      !wait_for_end(pid, status, deadline)) {
    kill_and_reap(pid);
    return Wrong{words.front() + " did not end within " + std::to_string(patience_ms / 1000) + " s"};
  }
  output.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return output;
}

std::string find_program(const std::vector<std::string>& names) {
  const char* path = std::getenv("PATH");
  std::string folders(path != nullptr ? path : "");
  folders += ":/usr/sbin:/usr/local/sbin:/usr/local/apache2/bin";
  for (const auto& name : names) {
    for (std::string_view rest(folders); !rest.empty();) {
      const auto end = std::min(rest.find(':'), rest.size());
      const auto file = std::string(rest.substr(0, end)) + "/" + name;
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (file.front() == '/' && file[1] != '/' && ::access(file.c_str(), X_OK) == 0) return file;
    }
  }
  return {};
}

base::Parsed<std::string> http_get(std::string_view url, int patience_ms) {
  const auto address = parse_url(url);
  if (!address) return Wrong{std::string(url) + " is no http:// URL"};
  const Deadline deadline(patience_ms);
  auto fd = connect_to(*address, deadline);
  if (!fd) return Wrong{fd.wrong()};
  const auto request = "GET " + address->path + " HTTP/1.0\r\nHost: " + address->host +
                       (address->port == "80" ? "" : ":" + address->port) +
                       "\r\nUser-Agent: wsflow-doctor\r\n\r\n";
  // It fits into the buffer of a new socket.
  if (::send(fd->get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
    return Wrong{failure(std::string(url))};
  std::string answer;
  do {
    if (!wait_for(fd->get(), POLLIN, deadline)) return Wrong{failure(std::string(url))};
  } while (take(fd->get(), answer));
  const auto end = answer.find("\r\n\r\n");
  if (!answer.starts_with("HTTP/1.") || end == answer.npos)
    return Wrong{std::string(url) + " does not answer as HTTP does"};
  const auto line = answer.substr(0, answer.find('\r'));
  if (line.size() < 12 || line.substr(9, 3) != "200")
    return Wrong{std::string(url) + " answers \"" + line.substr(std::min<std::size_t>(9, line.size())) +
                 "\""};
  return answer.substr(end + 4);
}

bool is_root() noexcept {
  return ::geteuid() == 0;
}

}  // namespace wsflow::doctor
