#include "mod_wsflow/programs/load/load_options.hpp"

#include <algorithm>
#include <optional>

#include "mod_wsflow/base/utf8.hpp"
#include "mod_wsflow/config/values.hpp"
#include "mod_wsflow/programs/load/client_handshake.hpp"
#include "mod_wsflow/ws/field_syntax.hpp"

namespace wsflow::load {

namespace {

constexpr std::int64_t kDay_us = 24LL * 3600 * kSecond_us;
constexpr int kMostSockets = 1'000'000;
constexpr int kMostRate = 1'000'000;
constexpr std::int64_t kMostSize = 64LL << 20;
constexpr int kMostInFlight = 1024;
constexpr std::int64_t kLeastEvery_us = 1000;

using Value = std::string_view;
// Sets what the value says; the result is empty, or what was expected.
using Setter = std::string (*)(LoadOptions& options, Value value);

struct Option {
  const char* name;
  const char* value;  // its name in the help; nullptr: the option has none
  const char* help;
  Setter set;
  const char* title = nullptr;  // of the group of which it is the first
};

std::string set_number(std::uint32_t& target, Value value, int least, int most) {
  const auto number = config::parse_number(value, least, most);
  if (number) target = static_cast<std::uint32_t>(*number);
  return number ? "" : "a number from " + std::to_string(least) + " to " + std::to_string(most);
}

std::string set_time(std::int64_t& target, Value value, std::int64_t least, const char* wanted) {
  const auto time = config::parse_time(value, least, kDay_us);
  if (time) target = *time;
  return time ? "" : wanted;
}

constexpr const char* kTime = "a time up to 24h (500ms, 30s, 5mi, 2h)";

std::string set_flag(bool& target) {
  target = true;
  return {};
}

std::string set_text(std::string& target, Value value, const char* wanted) {
  target = value;
  return value.empty() ? wanted : "";
}

std::string set_utf8(std::string& target, Value value) {
  target = value;
  return base::valid_utf8(value) == value ? "" : "text in UTF-8";
}

std::string set_connect(LoadOptions& options, Value value) {
  const auto parts = parse_host_port(value, 1);
  if (!parts) return "HOST or HOST:PORT (" + parts.wrong() + ")";
  options.connect = value;
  return {};
}

std::string set_from(LoadOptions& options, Value value) {
  auto addresses = parse_addresses(value);
  if (!addresses) return "addresses of this machine (" + addresses.wrong() + ")";
  options.from = *std::move(addresses);
  return {};
}

std::string add_header(LoadOptions& options, Value value) {
  auto wrong = wrong_header(value);
  if (wrong.empty()) options.headers.emplace_back(value);
  return wrong.empty() ? "" : "a header field (" + wrong + ")";
}

std::string set_protocols(LoadOptions& options, Value value) {
  options.protocols.clear();
  for (auto list = value; !list.empty();) {
    const auto element = ws::take_element(list);
    if (!ws::is_token(element)) return "names of sub-protocols, separated by commas";
    options.protocols += (options.protocols.empty() ? "" : ", ") + std::string(element);
  }
  return options.protocols.empty() ? "names of sub-protocols, separated by commas" : "";
}

std::string set_reconnect(LoadOptions& options, Value value) {
  constexpr const char* kWanted = "fixed:TIME or exponential:TIME-TIME (fixed:2s, exponential:1s-30s)";
  constexpr Value kFixed = "fixed:", kExponential = "exponential:";
  const auto parse = [](Value text) { return config::parse_time(text, 0, kDay_us); };
  if (value.starts_with(kFixed)) {
    const auto delay = parse(value.substr(kFixed.size()));
    if (!delay) return kWanted;
    options.reconnect = {.kind = Backoff::Kind::fixed, .first_us = *delay, .most_us = *delay};
    return {};
  }
  const auto dash = value.find('-');
  if (!value.starts_with(kExponential) || dash == Value::npos) return kWanted;
  const auto first = parse(value.substr(kExponential.size(), dash - kExponential.size()));
  const auto most = parse(value.substr(dash + 1));
  if (!first || !most || *first == 0 || *most < *first) return kWanted;
  options.reconnect = {.kind = Backoff::Kind::exponential, .first_us = *first, .most_us = *most};
  return {};
}

std::string set_every(LoadOptions& options, Value value) {
  if (value == "0") {
    options.every_us = 0;
    return {};
  }
  return set_time(options.every_us, value, kLeastEvery_us, "a time from 1ms to 24h, or 0 for no messages");
}

std::string set_size(LoadOptions& options, Value value) {
  const auto size = config::parse_size(value, 0, kMostSize);
  if (!size) return "a number of bytes from 0 to 64M (125, 64k, 1M)";
  options.size = static_cast<std::uint64_t>(*size);
  return {};
}

std::string set_answer(LoadOptions& options, Value value) {
  constexpr std::pair<Value, Answer> kAnswers[] = {
      {"same", Answer::same}, {"any", Answer::any}, {"none", Answer::none}};
  for (const auto& [word, answer] : kAnswers) {
    if (word != value) continue;
    options.answer = answer;
    return {};
  }
  return "same, any or none";
}

constexpr Option kOptions[] = {
    {"connections", "N", "sockets that are open at a time (default: 100)",
     [](LoadOptions& to, Value v) { return set_number(to.connections, v, 1, kMostSockets); }, "Sockets"},
    {"rate", "N",
     "handshakes a second until all are open (default: 100); 0: as fast as they are answered, 100 under way",
     [](LoadOptions& to, Value v) { return set_number(to.rate, v, 0, kMostRate); }},
    {"ramp-for", "TIME", "instead of a rate: the time in which all handshakes are begun, evenly",
     [](LoadOptions& to, Value v) { return set_time(to.ramp_us, v, 1, kTime); }},
    {"duration", "TIME", "how long the sockets are held when all handshakes have ended (default: 10s)",
     [](LoadOptions& to, Value v) { return set_time(to.duration_us, v, 0, kTime); }},
    {"timeout", "TIME", "for a handshake, from its connect to its 101 (default: 30s)",
     [](LoadOptions& to, Value v) { return set_time(to.timeout_us, v, 1000, kTime); }},
    {"lifetime", "TIME",
     "close each socket when it has been open for this time, and open another; 0: when one message has its "
     "answer (default: all live until the end)",
     [](LoadOptions& to, Value v) { return set_time(to.lifetime_us, v, 0, kTime); }},
    {"reconnect", "HOW",
     "open sockets again that were lost, closed by the server or refused: fixed:TIME waits as long each "
     "time, "
     "exponential:TIME-TIME twice as long from attempt to attempt, with a random half left away (default: "
     "never)",
     set_reconnect},
    {"connect", "HOST[:PORT]", "connect there; the URL says what is asked for (Host, SNI, path)", set_connect,
     "Addresses and handshake"},
    {"from", "ADDRESSES",
     "source addresses, used in turn: a list of addresses and ranges, 192.0.2.8-192.0.2.15. Each has some "
     "28,000 ports, of which 14,000 are quick to get",
     set_from},
    {"ca", "FILE", "certificates to trust, in PEM (default: the system's)",
     [](LoadOptions& to, Value v) { return set_text(to.ca, v, "the name of a file"); }},
    {"insecure", nullptr, "take any certificate",
     [](LoadOptions& to, Value) { return set_flag(to.insecure); }},
    {"header", "'NAME: VALUE'", "a field of each handshake; may be given again", add_header},
    {"protocol", "NAMES", "sub-protocols to offer, separated by commas", set_protocols},
    {"every", "TIME", "each socket sends one message in this time (default: 1s); 0: none", set_every,
     "Messages"},
    {"in-flight", "N",
     "instead: keep so many messages under way in each socket, as fast as answers come (closed loop: shows "
     "the "
     "greatest throughput, not what users feel)",
     [](LoadOptions& to, Value v) { return set_number(to.in_flight, v, 1, kMostInFlight); }},
    {"size", "BYTES", "of a message (default: 125)", set_size},
    {"message", "TEXT", "what each message says, instead of letters and digits of that size",
     [](LoadOptions& to, Value v) { return set_utf8(to.message, v); }},
    {"binary", nullptr, "send binary messages", [](LoadOptions& to, Value) { return set_flag(to.binary); }},
    {"first", "TEXT",
     "a text message that each socket sends once, ahead of all others (to log in, to subscribe)",
     [](LoadOptions& to, Value v) { return set_utf8(to.first, v); }},
    {"answer", "WORD",
     "what must come for a message: same (the message, byte for byte; the default), any (some message), none "
     "(what comes is counted, and no latency is measured)",
     set_answer},
    {"json", "FILE", "write the result as JSON; - is the standard output, instead of the summary",
     [](LoadOptions& to, Value v) { return set_text(to.json, v, "the name of a file, or -"); }, "Output"},
    {"report", "FILE", "write the result as a page of HTML",
     [](LoadOptions& to, Value v) { return set_text(to.report, v, "the name of a file"); }},
    {"quiet", nullptr, "no line of progress each second",
     [](LoadOptions& to, Value) { return set_flag(to.quiet); }},
    {"control", nullptr,
     "for programs: say on the standard output when all sockets are open, then obey lines of the standard "
     "input: go (run for --duration) and echo (one message through each socket in turn). Each is answered by "
     "the result as one line of JSON",
     [](LoadOptions& to, Value) { return set_flag(to.control); }},
    {"help", nullptr, "print this, and end", [](LoadOptions& to, Value) { return set_flag(to.help); }},
    {"version", nullptr, "print the version, and end",
     [](LoadOptions& to, Value) { return set_flag(to.version); }},
};

struct Given {
  bool rate = false, ramp = false, every = false, in_flight = false, size = false, message = false;
  void note(Value name) noexcept {
    rate |= name == "rate";
    ramp |= name == "ramp-for";
    every |= name == "every";
    in_flight |= name == "in-flight";
    size |= name == "size";
    message |= name == "message";
  }
};

// A sentence about options that do not go together; empty: all do.
std::string contradiction(const LoadOptions& options, const Given& given) {
  if (given.rate && given.ramp) return "--rate and --ramp-for say the same in two ways: give one of them";
  if (given.every && given.in_flight)
    return "--every and --in-flight exclude each other: a pace, or as fast as it goes";
  if (given.size && given.message)
    return "--size and --message exclude each other: a message has its own size";
  if (options.in_flight != 0 && options.answer == Answer::none)
    return "--in-flight waits for answers, --answer none knows none";
  if (options.lifetime_us == 0 && options.answer == Answer::none)
    return "--lifetime 0 waits for an answer, --answer none knows none";
  if (options.insecure && !options.ca.empty()) return "--ca and --insecure exclude each other";
  return {};
}

const Option* find(Value name) noexcept {
  const auto* found = std::find_if(std::begin(kOptions), std::end(kOptions),
                                   [&](const Option& each) { return each.name == name; });
  return found == std::end(kOptions) ? nullptr : found;
}

base::Wrong wrong_option(Value name, std::string_view what) {
  return {"--" + std::string(name) + ": " + std::string(what)};
}

// TEXT in lines that begin with `indent` blanks, but for the first.
std::string wrapped(std::string_view text, std::size_t indent) {
  constexpr std::size_t kWidth = 79;
  std::string out;
  std::size_t column = indent;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (column > indent && column + 1 + end > kWidth) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += text.substr(0, end);
    column += end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace

double LoadOptions::launch_gap_us() const noexcept {
  if (ramp_us != 0) return static_cast<double>(ramp_us) / connections;
  return rate == 0 ? 0 : static_cast<double>(kSecond_us) / rate;
}

base::Parsed<LoadOptions> parse_load_options(std::span<const char* const> words) {
  LoadOptions options;
  Given given;
  std::optional<Value> url;
  for (std::size_t at = 0; at < words.size(); ++at) {
    const Value word = words[at];
    if (!word.starts_with('-')) {
      if (url) return base::Wrong{"two URLs: " + std::string(*url) + " and " + std::string(word)};
      url = word;
      continue;
    }
    const auto equals = word.find('=');
    const auto name =
        word.starts_with("--") ? word.substr(2, equals == Value::npos ? equals : equals - 2) : Value();
    const auto* option = find(word == "-h" ? "help" : name);
    if (option == nullptr) return base::Wrong{"there is no option " + std::string(word.substr(0, equals))};
    Value value;
    if (option->value == nullptr) {
      if (equals != Value::npos) return wrong_option(name, "takes no value");
    } else if (equals != Value::npos) {
      value = word.substr(equals + 1);
    } else if (++at < words.size()) {
      value = words[at];
    } else {
      return wrong_option(name, "needs a value: " + std::string(option->value));
    }
    given.note(name);
    const auto expected = option->set(options, value);
    if (!expected.empty()) return wrong_option(name, expected + " was expected, not: " + std::string(value));
    if (options.help || options.version) return options;
  }
  if (!url) return base::Wrong{"no URL is given: ws://HOST/PATH or wss://HOST/PATH"};
  auto parsed = parse_target_url(*url);
  if (!parsed) return base::Wrong{parsed.wrong()};
  options.url = *std::move(parsed);
  auto sentence = contradiction(options, given);
  if (!sentence.empty()) return base::Wrong{std::move(sentence)};
  return options;
}

std::string load_help() {
  std::string text =
      "Usage: wsflow-load [OPTION]... URL\n"
      "Load-tests a WebSocket server: opens many sockets, sends messages at a fixed\n"
      "pace, compares what comes back, and reports latencies and errors.\n";
  constexpr std::size_t kIndent = 8;
  for (const auto& option : kOptions) {
    if (option.title != nullptr) text += std::string("\n") + option.title + ":\n";
    text += std::string("  --") + option.name;
    if (option.value != nullptr) text += std::string("=") + option.value;
    text += "\n" + std::string(kIndent, ' ') + wrapped(option.help, kIndent) + "\n";
  }
  text +=
      "\nA TIME is a number with ms, s, mi (minutes) or h behind it; seconds without.\n"
      "A latency counts from the moment at which its message was due, so that a pause\n"
      "of the server shows in all messages that it delayed. Ctrl-C ends a run with the\n"
      "report of what was until then.\n"
      "\nExit status: 0 if all went well, 1 if a handshake, a socket or a message failed,\n"
      "2 if the run could not begin.\n"
      "\nExamples:\n"
      "  wsflow-load --connections 1000 --rate 50 wss://www.example.com/ws\n"
      "  wsflow-load --connections 20000 --ramp-for 2mi --every 30s --reconnect \\\n"
      "      exponential:1s-30s --from 192.0.2.8-192.0.2.11 --report load.html \\\n"
      "      wss://www.example.com/ws\n";
  return text;
}

}  // namespace wsflow::load
