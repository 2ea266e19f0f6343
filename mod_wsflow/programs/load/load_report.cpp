#include "mod_wsflow/programs/load/load_report.hpp"

#include <charconv>
#include <cmath>

#include "mod_wsflow/status/html_text.hpp"

namespace wsflow::load {

namespace {

// A message of the pace may be so late before the result is doubtful.
constexpr std::uint64_t kLate_us = 10'000;
constexpr double kBusy = 0.9;

std::string decimal(double value, int places) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, places).ptr;
  return {text, end};
}

std::string quantiles(const Histogram& of) {
  if (of.count() == 0) return "none";
  return "min " + shown_us(of.least()) + ", median " + shown_us(of.quantile(0.5)) + ", p95 " +
         shown_us(of.quantile(0.95)) + ", p99 " + shown_us(of.quantile(0.99)) + ", p99.9 " +
         shown_us(of.quantile(0.999)) + ", max " + shown_us(of.most());
}

std::string line(std::string_view title, const std::string& text) {
  constexpr std::size_t kTitle = 12;
  return std::string(title) + std::string(kTitle - title.size(), ' ') + text + "\n";
}

std::string with(std::uint64_t count, const char* what) {
  return ", " + status::grouped(count) + " " + what;
}

}  // namespace

std::string shown_us(std::uint64_t us) {
  const auto value = static_cast<double>(us);
  constexpr double kMilli = 1e3, kSecond = 1e6;
  if (us >= 9'950'000) return decimal(value / kSecond, 1) + " s";
  if (us >= 1'000'000) return decimal(value / kSecond, 2) + " s";
  return decimal(value / kMilli, us < 9'950 ? 2 : us < 99'500 ? 1 : 0) + " ms";
}

std::uint64_t failures_of(const Tally& tally) noexcept {
  return tally.refused + tally.failed + tally.closed_by_server + tally.lost + tally.unclosed +
         tally.unanswered;
}

std::string warning_of(const LoadReport& report) {
  const auto late = report.recorder.tally().lag.quantile(0.99);
  const bool busy = report.seconds > 1 && report.cpu_seconds > kBusy * report.seconds;
  if (report.options.in_flight == 0 && late >= kLate_us) {
    return "this program was late itself: 1 % of the messages were sent " + shown_us(late) +
           " or more after they were due" + (busy ? ", as it used all of a core" : "") +
           ". The latencies are those of this machine, too: use fewer sockets or messages here, and a second "
           "machine beside it.";
  }
  if (busy && report.options.in_flight == 0)
    return "this program used all of a core: its latencies may be its own. Use a second machine beside it.";
  return {};
}

std::string report_text(const LoadReport& report) {
  const auto& tally = report.recorder.tally();
  using status::grouped;
  std::string text = "\n";
  text += line("run", report.options.url.shown + " at " + std::string(report.address) + ", " +
                          decimal(report.seconds, 1) + " s" + (report.interrupted ? ", interrupted" : ""));
  text +=
      line("handshakes", grouped(tally.launched) + " launched, " + grouped(tally.completed) + " completed" +
                             with(tally.refused, "refused") + with(tally.failed, "failed") +
                             (tally.given_up != 0 ? with(tally.given_up, "given up in the end") : "") +
                             (tally.again != 0 ? with(tally.again, "of them tried again") : ""));
  text += line("", quantiles(tally.handshakes));
  text += line("sockets",
               grouped(tally.open_most) + " open at most, " + grouped(tally.closed) + " closed by us" +
                   with(tally.closed_by_server, "by the server") + with(tally.lost, "lost") +
                   (tally.unclosed != 0 ? with(tally.unclosed, "without an answer to our Close") : ""));
  text +=
      line("messages", grouped(tally.sent) + " sent" +
                           (report.options.answer == Answer::none
                                ? ""
                                : with(tally.answered, "answered") + with(tally.unanswered, "unanswered")) +
                           (tally.received != 0 ? with(tally.received, "came by themselves") : "") +
                           (tally.pings != 0 ? with(tally.pings, "pings") : ""));
  if (tally.answers.count() != 0) text += line("latency", quantiles(tally.answers));
  text += line("bytes", status::byte_size(static_cast<double>(tally.bytes_in)) + " in, " +
                            status::byte_size(static_cast<double>(tally.bytes_out)) + " out");
  if (tally.lag.count() != 0 && report.options.in_flight == 0)
    text +=
        line("client", "late with a message: p99 " + shown_us(tally.lag.quantile(0.99)) + ", max " +
                           shown_us(tally.lag.most()) + "; CPU " +
                           decimal(report.seconds > 0 ? 100 * report.cpu_seconds / report.seconds : 0, 0) +
                           " % of a core");
  const auto entry = [&](const std::string& what, const Occurrences& of) {
    text += "  " + grouped(of.count) + " x " + what + ", first after " +
            decimal(static_cast<double>(of.first_us) / kSecond_us, 1) + " s\n";
  };
  if (!tally.failures.empty() || !tally.close_codes.empty()) text += "\nfailures\n";
  for (const auto& [key, of] : tally.failures) entry(std::string(name(key.first)) + ": " + key.second, of);
  for (const auto& [code, of] : tally.close_codes)
    entry("closed by the server with " + std::to_string(code) + (of.text.empty() ? "" : " (" + of.text + ")"),
          of);
  const auto warning = warning_of(report);
  if (!warning.empty()) text += "\nwarning: " + warning + "\n";
  return text;
}

}  // namespace wsflow::load
