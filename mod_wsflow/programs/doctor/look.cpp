#include "mod_wsflow/programs/doctor/look.hpp"

#include <algorithm>
#include <utility>

#include "mod_wsflow/capacity/proc_text.hpp"

namespace wsflow::doctor {

namespace {

using base::Wrong;

constexpr int kCommandPatience_ms = 60'000;
constexpr int kStatusPatience_ms = 3'000;

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t i = 0;; ++i) {
    const auto word = capacity::word_of(text, i);
    if (word.empty()) return words;
    words.emplace_back(word);
  }
}

// The end of what a command has said, for a message.
std::string last_lines(std::string_view text) {
  constexpr std::size_t kMost = 600;
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  if (text.size() > kMost) text.remove_prefix(text.size() - kMost);
  return std::string(text);
}

struct Printed {
  std::string text;
  std::vector<std::string> warnings;
};

base::Parsed<Printed> printed_dump(const DoctorOptions& options) {
  auto words = options.apachectl
                   ? split(*options.apachectl)
                   : std::vector<std::string>{find_program({"apachectl", "apache2ctl", "httpd"})};
  if (words.empty() || words.front().empty())
    return Wrong{"there is no apachectl, apache2ctl or httpd in the path: name it with --apachectl"};
  const auto command = words.front();
  words.insert(words.end(), {"-t", "-D", "DUMP_WSFLOW"});
  auto output = run_command(words, kCommandPatience_ms);
  if (!output) return Wrong{output.wrong()};
  if (output->status != 0) {
    return Wrong{command + " -t -D DUMP_WSFLOW ended with " + std::to_string(output->status) +
                 (is_root() ? "" : " (without root it may not read all of the configuration)") + ":\n" +
                 last_lines(output->err.empty() ? output->out : output->err)};
  }
  const auto begin = output->out.find('{');
  if (begin == output->out.npos) {
    return Wrong{
        command +
        " -t -D DUMP_WSFLOW prints nothing: mod_wsflow is not loaded (Debian: a2enmod wsflow), or it "
        "is older than this program"};
  }
  return Printed{output->out.substr(begin), warnings_in(output->err)};
}

void find_process(Looked& looked, const RealMachine& machine) {
  auto& observed = looked.observed;
  const std::string file(looked.dump->pid_file);
  const auto text = machine.read(file);
  if (!text) {
    observed.unknown.push_back("httpd does not run, as there is no " + file +
                               ": --offline judges the configuration alone");
    observed.blind = true;
    return;
  }
  const auto number = capacity::number_of(*text);
  const auto status = number ? machine.read("/proc/" + std::to_string(*number) + "/status") : std::nullopt;
  if (!status || capacity::status_field(*status, "State").starts_with('Z')) {
    observed.unknown.push_back("httpd does not run: the process of " + file + " is gone");
    observed.blind = true;
    return;
  }
  observed.pid = static_cast<std::int64_t>(*number);
}

void find_service(Looked& looked, const RealMachine& machine) {
  auto& facts = looked.observed.facts;
  const std::string config(facts.config_file);
  const auto envvars = config.substr(0, config.rfind('/') + 1) + "envvars";
  const auto text = machine.read(envvars);
  if (text && text->find("APACHE_") != std::string::npos) {
    facts.service = capacity::Service::envvars;
    looked.service_file = envvars;
  } else if (machine.read("/.dockerenv") || machine.read("/run/.containerenv")) {
    facts.service = capacity::Service::container;
  } else if (looked.observed.pid) {
    const auto groups = machine.read("/proc/" + std::to_string(*looked.observed.pid) + "/cgroup");
    looked.service_file = groups ? capacity::unit_of(*groups) : std::string();
    if (!looked.service_file.empty()) facts.service = capacity::Service::unit;
  }
  facts.service_file = looked.service_file;
}

// Where the status may be reached from here.
std::vector<std::string> status_urls(const Dump& dump) {
  constexpr std::size_t kMost = 8;
  std::vector<std::string> urls;
  for (const auto& path : dump.status_paths) {
    for (std::string address(1, ' '); const auto& listen : dump.listen) {
      address = listen;
      if (address.starts_with("0.0.0.0:")) address.replace(0, 7, "127.0.0.1");
      if (address.starts_with("[::]:")) address.replace(0, 4, "127.0.0.1");
      if (urls.size() < kMost) urls.push_back("http://" + address + std::string(path));
    }
  }
  return urls;
}

void find_status(const DoctorOptions& options, Looked& looked, const RealMachine& machine) {
  auto& observed = looked.observed;
  const auto take = [&observed](const std::string& text) {
    auto status = read_status(text);
    if (!status) return status.wrong();
    observed.facts.tunnels_now = status->tunnels;
    observed.status = *std::move(status);
    return std::string();
  };
  if (options.status && !options.status->starts_with("http")) {
    const auto text = machine.read(*options.status);
    const auto wrong = text ? take(*text) : *options.status + " cannot be read";
    if (!wrong.empty()) observed.unknown.push_back("the status: " + wrong);
    return;
  }
  if (!observed.pid && !options.status) return;
  const auto urls = options.status ? std::vector<std::string>{*options.status} : status_urls(*looked.dump);
  std::string why = "no <Location> has SetHandler wsflow-status";
  for (const auto& url : urls) {
    const auto page = url.substr(0, url.find('?'));
    const auto answer = http_get(page + "?json&count=0", kStatusPatience_ms);
    why = answer ? take(*answer) : answer.wrong();
    if (why.empty()) return;
  }
  observed.unknown.push_back("the status, so not how full it is: " + why + "; name it with --status");
}

}  // namespace

std::vector<std::string> warnings_in(std::string_view log) {
  std::vector<std::string> found;
  while (!log.empty()) {
    const auto end = std::min(log.find('\n'), log.size());
    const auto line = log.substr(0, end);
    log.remove_prefix(std::min(end + 1, log.size()));
    const auto begin = line.find("WSF");
    const auto id = begin == line.npos ? std::string_view() : line.substr(begin, 8);
    const bool numbered = id.size() == 8 && id[7] == ':' &&
                          std::ranges::all_of(id.substr(3, 4), [](char c) { return c >= '0' && c <= '9'; });
    if (numbered && line.substr(0, begin).find("[wsflow:warn]") != line.npos)
      found.emplace_back(line.substr(begin));
  }
  return found;
}

base::Parsed<std::unique_ptr<Looked>> look(const DoctorOptions& options, const RealMachine& machine) {
  auto looked = std::make_unique<Looked>();
  auto& observed = looked->observed;
  std::string text;
  if (options.dump) {
    auto saved = machine.read(*options.dump);
    if (!saved) return Wrong{"the dump " + *options.dump + " cannot be read"};
    text = *std::move(saved);
  } else {
    auto printed = printed_dump(options);
    if (!printed) return Wrong{printed.wrong()};
    text = printed->text;
    observed.warnings = printed->warnings;
  }
  auto dump = read_dump(text);
  if (!dump) return Wrong{dump.wrong()};
  looked->dump = *std::move(dump);
  observed.dump = looked->dump.get();
  observed.facts = looked->dump->facts;
  // Only root's apachectl raises the limit before it does anything.
  if (!options.dump && is_root()) observed.descriptors_of_start = observed.facts.descriptors;
  if (!options.offline) find_process(*looked, machine);
  capacity::add_machine(observed.facts, machine, observed.pid.value_or(0));
  if (observed.pid) {
    const auto limit = capacity::descriptors_of(machine, *observed.pid);
    if (limit) observed.facts.descriptors = limit;
    if (!limit) observed.unknown.push_back("the limits of process " + std::to_string(*observed.pid));
  } else {
    // Of the doctor itself, which is in another group.
    observed.facts.cgroup_memory_max = observed.facts.cgroup_pids_max = std::nullopt;
  }
  find_service(*looked, machine);
  if (!options.offline) find_status(options, *looked, machine);
  return looked;
}

}  // namespace wsflow::doctor
