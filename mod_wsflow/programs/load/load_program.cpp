#include "mod_wsflow/programs/load/load_program.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <string>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/base/rfc3339.hpp"
#include "mod_wsflow/base/unique_fd.hpp"
#include "mod_wsflow/os/output.hpp"
#include "mod_wsflow/programs/load/load_report.hpp"
#include "mod_wsflow/programs/load/load_run.hpp"
#include "mod_wsflow/programs/load/progress.hpp"
#include "mod_wsflow/programs/load/room_check.hpp"
#include "mod_wsflow/version.h"

namespace wsflow::load {

namespace {

constexpr int kAllWell = 0, kFailures = 1, kNotBegun = 2;

int refuse(const std::string& sentence) {
  os::write_all(STDERR_FILENO, "wsflow-load: " + sentence + "\n");
  return kNotBegun;
}

// SIGPIPE must not end a program whose sockets break; the others are taken when the run looks for them.
void set_signals() noexcept {
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t stops;
  sigemptyset(&stops);
  sigaddset(&stops, SIGINT);
  sigaddset(&stops, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &stops, nullptr);
}

double cpu_seconds() noexcept {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

bool is_loopback(const IpAddress& address) noexcept {
  if (address.family() == AF_INET6)
    return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6&>(address.storage).sin6_addr);
  return (ntohl(reinterpret_cast<const sockaddr_in&>(address.storage).sin_addr.s_addr) >> 24U) == 127;
}

base::Parsed<Destination> find_destination(const LoadOptions& options) {
  HostPort where{.host = options.url.host, .port = options.url.port};
  if (!options.connect.empty()) where = *parse_host_port(options.connect, options.url.port);
  auto addresses =
      resolve(where.host, where.port, options.from.empty() ? AF_UNSPEC : options.from.front().family());
  if (!addresses) return base::Wrong{addresses.wrong()};
  // A name may have an address on which nobody listens, as localhost has two.
  Destination destination{.address = reachable(*addresses), .tls = nullptr};
  if (!options.url.secure) return destination;
  auto tls = TlsClient::make(options.url.host, options.ca, options.insecure);
  if (!tls) return base::Wrong{tls.wrong()};
  destination.tls = *std::move(tls);
  return destination;
}

std::string wall_time() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return base::rfc3339(std::chrono::duration_cast<base::Micros>(now).count());
}

// A file that can be written is found before the run, not behind it.
base::UniqueFd open_output(const std::string& name) {
  return base::UniqueFd(::open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
}

// A run from its first socket to its report.
class Session {
 public:
  Session(const LoadOptions& options, const Destination& destination)
      : options_(options),
        progress_(options),
        run_(options, destination, progress_),
        address_(destination.address.text()) {}

  int load() {
    run_.ramp(true);
    run_.hold(options_.duration_us);
    run_.wait_for_answers();
    return end();
  }

  // --control: a program says what is to be done, line by line.
  int obey() {
    run_.ramp(false);
    os::write_all(STDOUT_FILENO, report() + "\n");
    char line[256];
    while (!run_.stopped()) {
      run_.wait_for(STDIN_FILENO);
      const auto got = run_.stopped() ? 0 : ::read(STDIN_FILENO, line, sizeof line);
      if (got <= 0) break;
      begin();
      const std::string_view said(line, static_cast<std::size_t>(got));
      if (said.starts_with("echo")) {
        run_.echo_each();
      } else {
        run_.hold(options_.duration_us);
        run_.wait_for_answers();
      }
      os::write_all(STDOUT_FILENO, report() + "\n");
    }
    return failures_of(run_.recorder().tally()) == 0 ? kAllWell : kFailures;
  }

  // Files of the report; false: one of them cannot be written.
  bool open_files(std::string& sentence) {
    const auto open = [&](const std::string& name, base::UniqueFd& fd) {
      if (name.empty() || name == "-") return true;
      fd = open_output(name);
      if (!fd) sentence = "cannot write " + name + ": " + std::strerror(errno);
      return static_cast<bool>(fd);
    };
    return open(options_.json, json_) && open(options_.report, html_);
  }

 private:
  void begin() {
    began_us_ = base::now_us();
    began_ = wall_time();
    began_cpu_ = cpu_seconds();
    run_.recorder().restart(began_us_);
  }

  LoadReport made_report() {
    const auto now_us = base::now_us();
    run_.recorder().finish(now_us);
    return {.options = options_,
            .recorder = run_.recorder(),
            .address = address_,
            .began = began_,
            .seconds = static_cast<double>(now_us - began_us_) / kSecond_us,
            .cpu_seconds = cpu_seconds() - began_cpu_,
            .interrupted = run_.stopped()};
  }
  std::string report() { return report_json(made_report()); }

  int end() {
    const bool interrupted = run_.stopped();
    run_.close_all();
    auto made = made_report();
    made.interrupted = interrupted;
    progress_.end();
    if (json_) os::write_all(json_.get(), report_json(made) + "\n");
    if (html_) os::write_all(html_.get(), report_html(made));
    os::write_all(STDOUT_FILENO, options_.json == "-" ? report_json(made) + "\n" : report_text(made));
    return failures_of(run_.recorder().tally()) == 0 ? kAllWell : kFailures;
  }

  const LoadOptions& options_;
  Progress progress_;
  LoadRun run_;
  std::string address_;
  std::int64_t began_us_ = base::now_us();
  std::string began_ = wall_time();
  double began_cpu_ = cpu_seconds();
  base::UniqueFd json_, html_;
};

}  // namespace

int load_program(std::span<const char* const> words) {
  const auto options = parse_load_options(words);
  if (!options) return refuse(options.wrong() + "\nTry: wsflow-load --help");
  if (options->help || options->version) {
    os::write_all(STDOUT_FILENO, options->help ? load_help() : "wsflow-load " WSFLOW_VERSION "\n");
    return kAllWell;
  }
  set_signals();
  const auto destination = find_destination(*options);
  if (!destination) return refuse(destination.wrong());
  const auto room = client_room();
  auto sentence = no_room_for(*options, room, is_loopback(destination->address));
  if (sentence.empty()) sentence = foreign_address(options->from);
  if (!sentence.empty()) return refuse(sentence);
  const auto note = slow_ports_of(*options, room);
  if (!note.empty()) os::write_all(STDERR_FILENO, "wsflow-load: " + note + "\n");
  Session session(*options, *destination);
  if (!session.open_files(sentence)) return refuse(sentence);
  return options->control ? session.obey() : session.load();
}

}  // namespace wsflow::load
