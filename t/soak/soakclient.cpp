// The clients of the soak test, in one epoll thread. Takes one command a line and answers each with one line
// of JSON; the tunnels go on meanwhile. The end of the input ends it.
//   soakclient [--period-ms N] [--limit-ms N] [--bulk BYTES] [--bulk-seconds S]
//   open GROUP URL idle|echo|bulk COUNT SECONDS    opens; SECONDS without a success end what is left
//   probe SECONDS                                  one message through each idle tunnel
//   close GROUP COUNT SECONDS                      in order, the oldest first; COUNT 0: all
//   reset                                          forgets the gaps seen
//   status                                         what is open, what came back, how tunnels ended
#include <algorithm>
#include <cstdio>
#include <deque>
#include <functional>
#include <sstream>

#include "t/soak/tunnels.hpp"

namespace wsflow::soak {
namespace {

using bench::Options;
using std::chrono::milliseconds;

constexpr unsigned kOpeningAtOnce = 50;
constexpr milliseconds kBulkPause{10};

Shape shape_of(const Options& options) {
  const std::size_t bulk = options.number("bulk", 50'000'000);
  const auto steps_a_second = static_cast<std::size_t>(std::chrono::seconds(1) / kBulkPause);
  const std::size_t steps = std::max(options.number("bulk-seconds", 4), 1U) * steps_a_second;
  return {125, bulk, bulk / steps + 1, milliseconds(options.number("period-ms", 100)), kBulkPause};
}

Work work_of(const std::string& name) {
  if (name == "idle") return Work::idle;
  if (name == "echo") return Work::echo;
  if (name == "bulk") return Work::bulk;
  bench::die("no such work: " + name);
}

double ms(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

// As CLOCK_MONOTONIC, so that the driver can compare.
double monotonic(Instant at) {
  return std::chrono::duration<double>(at.time_since_epoch()).count();
}

class Commands {
 public:
  explicit Commands(const Options& options)
      : tunnels_(shape_of(options), milliseconds(options.number("limit-ms", 250))) {
    tunnels_.watch_input();
  }

  void run() {
    while (!finished_) {
      tunnels_.turn(done_ ? 1 : -1, [this] { read_lines(); });
      if (done_ && done_()) done_ = nullptr;
      while (!done_ && !lines_.empty()) {
        std::istringstream words(lines_.front());
        lines_.pop_front();
        begin(words);
      }
    }
  }

 private:
  void read_lines() {
    char text[4096];
    const ssize_t got = read(STDIN_FILENO, text, sizeof text);
    finished_ = got <= 0;
    if (finished_) return;
    input_.append(text, static_cast<std::size_t>(got));
    for (std::size_t end = input_.find('\n'); end != std::string::npos; end = input_.find('\n')) {
      lines_.push_back(input_.substr(0, end));
      input_.erase(0, end + 1);
    }
  }

  void begin(std::istringstream& words) {
    const auto command = next<std::string>(words);
    if (command == "open") {
      open(words);
    } else if (command == "probe") {
      probe(words);
    } else if (command == "close") {
      close(words);
    } else if (command == "reset") {
      for (const auto& [name, group] : tunnels_.groups()) group->forget_gaps();
      answer("{}");
    } else if (command == "status") {
      status();
    } else {
      bench::die("no such command: " + command);
    }
  }

  template <class Word>
  static Word next(std::istringstream& words) {
    Word word;
    if (!(words >> word)) bench::die("a command with too few words: " + words.str());
    return word;
  }
  static Instant deadline(std::istringstream& words) {
    return Clock::now() + std::chrono::seconds(next<unsigned>(words));
  }

  static void answer(const std::string& json) {
    std::printf("%s\n", json.c_str());
    std::fflush(stdout);
  }

  static std::string pair(const char* name, std::size_t count) {
    return '"' + std::string(name) + "\": " + std::to_string(count);
  }

  void open(std::istringstream& words) {
    const auto name = next<std::string>(words);
    const auto url = next<std::string>(words);
    Group& group = tunnels_.group(name, url, work_of(next<std::string>(words)));
    const auto count = next<unsigned>(words);
    const Clock::duration patience = deadline(words) - Clock::now();
    done_ = [this, &group, patience, left = count, before = group.open, start = Clock::now()]() mutable {
      for (; left > 0 && tunnels_.opening() < kOpeningAtOnce; --left) tunnels_.connect(group);
      if (Clock::now() > std::max(start, tunnels_.last_opened()) + patience) {
        left = 0;
        tunnels_.give_up_opening();
      }
      if (left > 0 || tunnels_.opening() > 0) return false;
      answer("{" + pair("opened", group.open - before) + "}");
      return true;
    };
  }

  void probe(std::istringstream& words) {
    for (const auto& [id, tunnel] : tunnels_.all()) {
      if (tunnel->group().work == Work::idle) tunnel->probe();
    }
    done_ = [this, end = deadline(words)] {
      std::size_t idle = 0;
      std::size_t silent = 0;
      for (const auto& [id, tunnel] : tunnels_.all()) {
        if (tunnel->group().work != Work::idle) continue;
        ++idle;
        silent += tunnel->waits() ? 1 : 0;
      }
      if (silent > 0 && Clock::now() < end) return false;
      answer("{" + pair("answered", idle - silent) + ", " + pair("silent", silent) + "}");
      return true;
    };
  }

  void close(std::istringstream& words) {
    const auto name = next<std::string>(words);
    const auto count = next<unsigned>(words);
    std::vector<std::uint32_t> chosen;
    for (const auto& [id, tunnel] : tunnels_.all()) {
      if (count > 0 && chosen.size() == count) break;
      if (tunnel->group().name != name || tunnel->closing()) continue;
      tunnel->close();
      chosen.push_back(id);
    }
    done_ = [this, chosen, end = deadline(words)] {
      std::size_t left = 0;
      for (const std::uint32_t id : chosen) left += tunnels_.all().count(id);
      if (left > 0 && Clock::now() < end) return false;
      answer("{" + pair("closed", chosen.size() - left) + ", " + pair("left", left) + "}");
      return true;
    };
  }

  void status() {
    tunnels_.look_at_gaps();
    std::ostringstream out;
    out << std::fixed << "{\"last_end\": " << monotonic(tunnels_.last_end()) << ", \"bulk_sent\": [";
    const char* comma = "";
    for (const auto& [id, tunnel] : tunnels_.all()) {
      if (tunnel->group().work != Work::bulk) continue;
      out << comma << tunnel->bulk_sent();
      comma = ", ";
    }
    out << "], \"groups\": {";
    comma = "";
    for (const auto& [name, group] : tunnels_.groups()) {
      out << comma << '"' << name << "\": {\"open\": " << group->open << ", \"messages\": " << group->messages
          << ", \"gap_ms\": " << ms(group->longest) << ", \"gap_at\": " << monotonic(group->longest_at)
          << ", \"late\": " << group->late << ", \"ends\": {";
      const char* between = "";
      for (const auto& [how, count] : group->ends) {
        out << between << '"' << how << "\": " << count;
        between = ", ";
      }
      out << "}}";
      comma = ", ";
    }
    out << "}}";
    answer(out.str());
  }

  Tunnels tunnels_;
  std::function<bool()> done_;  // goes on with the command under way; true when it has answered
  std::deque<std::string> lines_;
  std::string input_;
  bool finished_ = false;
};

}  // namespace
}  // namespace wsflow::soak

int main(int argc, char** argv) {
  wsflow::bench::use_all_descriptors();
  wsflow::soak::Commands(wsflow::bench::Options(argc, argv, 1)).run();
}
