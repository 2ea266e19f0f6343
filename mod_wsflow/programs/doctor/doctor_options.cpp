#include "mod_wsflow/programs/doctor/doctor_options.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <string_view>

namespace wsflow::doctor {

namespace {

using base::Wrong;

constexpr std::uint64_t kMostTunnels = 100'000'000;
constexpr std::uint64_t kLongest_ms = 1000ULL * 3600 * 1000;

std::optional<std::uint64_t> whole_number(std::string_view text, std::string_view& rest) noexcept {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  rest = text.substr(static_cast<std::size_t>(end - text.data()));
  return value;
}

// A time as the module's directives have it, in milliseconds; seconds without a unit.
std::optional<std::uint64_t> time_of(std::string_view text) noexcept {
  std::string_view unit;
  const auto number = whole_number(text, unit);
  if (!number || *number > kLongest_ms) return std::nullopt;
  std::uint64_t factor = 0;
  if (unit == "ms") factor = 1;
  if (unit.empty() || unit == "s") factor = 1000;
  if (unit == "mi") factor = 60'000;
  if (unit == "h") factor = 3'600'000;
  const auto time = *number * factor;
  return time > 0 && time <= kLongest_ms ? std::optional(time) : std::nullopt;
}

// An option with a value: what it takes, and how it is kept; false: the value is not legal.
struct Valued {
  std::string_view name;
  const char* legal;
  bool (*take)(DoctorOptions& options, std::string_view value);
};

template <auto member>
bool take_time(DoctorOptions& options, std::string_view value) {
  options.*member = time_of(value);
  return (options.*member).has_value();
}
template <auto member>
bool take_text(DoctorOptions& options, std::string_view value) {
  options.*member = std::string(value);
  return !value.empty();
}
bool take_tunnels(DoctorOptions& options, std::string_view value) {
  std::string_view rest;
  options.tunnels = whole_number(value, rest);
  return options.tunnels && *options.tunnels > 0 && *options.tunnels <= kMostTunnels && rest.empty();
}

constexpr const char* kTime = "a time (units ms, s, mi, h; seconds if none)";
constexpr Valued kValued[] = {
    {"--tunnels", "a number from 1 to 100000000", take_tunnels},
    {"--apachectl", "a command, which is given -t -D DUMP_WSFLOW", take_text<&DoctorOptions::apachectl>},
    {"--dump", "a file, or - for standard input", take_text<&DoctorOptions::dump>},
    {"--status", "an http:// URL of the status, or a file with its ?json", take_text<&DoctorOptions::status>},
    {"--client-timeout", kTime, take_time<&DoctorOptions::client_ms>},
    {"--origin-timeout", kTime, take_time<&DoctorOptions::origin_ms>},
    {"--database-timeout", kTime, take_time<&DoctorOptions::database_ms>},
};

struct Flag {
  std::string_view name;
  bool DoctorOptions::*member;
};
constexpr Flag kFlags[] = {{"--json", &DoctorOptions::json},
                           {"--offline", &DoctorOptions::offline},
                           {"--help", &DoctorOptions::help},
                           {"-h", &DoctorOptions::help},
                           {"--version", &DoctorOptions::version}};

}  // namespace

const char kDoctorUsage[] =
    "usage: wsflow-doctor [options]\n"
    "Says what stops this httpd with mod_wsflow from carrying so many tunnels, what comes first, and which "
    "line in\n"
    "which file changes it.\n\n"
    "  --tunnels N             how many it is to carry; default: what its configuration offers\n"
    "  --apachectl COMMAND     prints the configuration when -t -D DUMP_WSFLOW is added; default: apachectl, "
    "apache2ctl\n"
    "                          or httpd of the path or of /usr/sbin\n"
    "  --dump FILE             reads what that printed earlier, or elsewhere; - is standard input\n"
    "  --status URL|FILE       the status page, or its ?json; default: looked for where the configuration "
    "has it\n"
    "  --client-timeout TIME   how long clients wait for a handshake\n"
    "  --origin-timeout TIME   how long the application takes at most\n"
    "  --database-timeout TIME how long its database takes at most\n"
    "  --offline               judges the configuration, and looks for no running server\n"
    "  --json                  JSON in place of text\n"
    "  --help, --version\n\n"
    "Ends with 0: all is well; 1: a warning; 2: it cannot carry so many; 3: it could not look.\n";

base::Parsed<DoctorOptions> read_options(std::span<const char* const> words) {
  DoctorOptions options;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word(words[i]);
    const auto* flag = std::ranges::find(kFlags, word, &Flag::name);
    if (flag != std::end(kFlags)) {
      options.*(flag->member) = true;
      continue;
    }
    const auto name = word.substr(0, word.find('='));
    const auto* valued = std::ranges::find(kValued, name, &Valued::name);
    if (valued == std::end(kValued))
      return Wrong{std::string(word) + ": no such option; see wsflow-doctor --help"};
    if (name.size() == word.size() && i + 1 == words.size())
      return Wrong{std::string(name) + " needs a value: " + valued->legal};
    const auto value =
        name.size() < word.size() ? word.substr(name.size() + 1) : std::string_view(words[++i]);
    if (!valued->take(options, value))
      return Wrong{std::string(name) + " " + std::string(value) + ": expected " + valued->legal};
  }
  return options;
}

}  // namespace wsflow::doctor
