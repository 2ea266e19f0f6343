#include <algorithm>
#include <functional>

#include "mod_wsflow/programs/load/line_chart.hpp"
#include "mod_wsflow/programs/load/load_report.hpp"
#include "mod_wsflow/status/html_text.hpp"
#include "mod_wsflow/version.h"

namespace wsflow::load {

namespace {

// One page for screens of any width, light and dark; a wide table scrolls in its own box.
constexpr const char* kStyle =
    R"(:root{color-scheme:light dark;--bg:#fff;--fg:#1b2430;--dim:#566373;--line:#d9e0e7;--card:#f6f8fa;--bad:#b3261e;
--ok:#1a7f4b;--c0:#0b62d6;--c1:#b5500a;--c2:#7a3fd1}
@media(prefers-color-scheme:dark){:root{--bg:#11161c;--fg:#dde5ee;--dim:#93a2b2;--line:#29323c;--card:#191f27;--bad:#ff8f80;
--ok:#6fd3a0;--c0:#5ea8ff;--c1:#f5a15d;--c2:#b999ff}}
*{box-sizing:border-box}body{margin:0 auto;max-width:72rem;padding:1rem;background:var(--bg);color:var(--fg);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
h1{font-size:1.4rem;margin:0;overflow-wrap:anywhere}h2{font-size:1.05rem;margin:1.6rem 0 .5rem}
.about{color:var(--dim);margin:.2rem 0 1rem;overflow-wrap:anywhere}
.warning{border-left:3px solid var(--bad);background:var(--card);padding:.5rem .8rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.6rem;margin:0}
.tiles div,figure{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.6rem .8rem;min-width:0}
dt{color:var(--dim);font-size:.87rem}dd{margin:0;font-size:1.4rem;font-weight:600}dd small{display:block;font-size:.8rem;
font-weight:400;color:var(--dim)}.bad dd{color:var(--bad)}.ok dd{color:var(--ok)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,30rem),1fr));gap:.6rem}
figure{margin:0}figcaption{display:flex;flex-wrap:wrap;gap:0 1rem;font-size:.9rem}figcaption b{flex:1;font-weight:600;white-space:nowrap}
.k:before{content:"";display:inline-block;width:1.2em;margin-right:.35em;border-top:2px solid;vertical-align:middle}
.k0:before{color:var(--c0)}.k1:before{color:var(--c1);border-top-style:dashed}.k2:before{color:var(--c2);border-top-style:dotted}
.plot{position:relative;height:11rem;margin:.8rem 0 0 4rem}svg{display:block;width:100%;height:100%;overflow:visible}
path{fill:none;vector-effect:non-scaling-stroke}.g{stroke:var(--line)}.l{stroke-width:2.4;stroke-linejoin:round;stroke-linecap:round}
.l0{stroke:var(--c0)}.l1{stroke:var(--c1);stroke-dasharray:5 4}.l2{stroke:var(--c2);stroke-dasharray:1 4}
.y span{position:absolute;right:100%;margin-right:.4rem;transform:translateY(50%);font-size:.75rem;color:var(--dim);white-space:nowrap}
.x{display:flex;justify-content:space-between;margin:.2rem 0 0 4rem;font-size:.75rem;color:var(--dim)}
.box{overflow-x:auto;border:1px solid var(--line);border-radius:8px}table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{padding:.35rem .7rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}tr:last-child>*{border-bottom:0}
thead th{background:var(--card);color:var(--dim)}th:first-child,.t{text-align:left}td.t,tbody th{white-space:normal;min-width:9rem;font-weight:400}
)";

using status::escape_html;
using status::grouped;

std::string tile(const char* title, const std::string& value, const std::string& small,
                 const char* kind = "") {
  return std::string("<div class=\"") + kind + "\"><dt>" + title + "</dt><dd>" + value +
         (small.empty() ? "" : "<small>" + small + "</small>") + "</dd></div>";
}

std::string tiles(const LoadReport& report) {
  const auto& tally = report.recorder.tally();
  const auto failed = failures_of(tally);
  auto text = tile("handshakes", grouped(tally.completed), "of " + grouped(tally.launched) + " launched");
  text += tile("open at most", grouped(tally.open_most), "sockets");
  if (report.options.answer == Answer::none) {
    text += tile("messages", grouped(tally.received), grouped(tally.sent) + " sent");
  } else {
    text += tile("messages", grouped(tally.answered), "answered, of " + grouped(tally.sent) + " sent");
    text += tile("latency, median", shown_us(tally.answers.quantile(0.5)),
                 "p99 " + shown_us(tally.answers.quantile(0.99)));
  }
  text += tile("failures", grouped(failed), failed == 0 ? "none" : "see below", failed == 0 ? "ok" : "bad");
  return "<dl class=\"tiles\">" + text + "</dl>\n";
}

std::vector<double> column(const Recorder& recorder, const std::function<double(const Second&)>& value) {
  std::vector<double> values;
  for (const auto& second : recorder.seconds()) values.push_back(value(second));
  return values;
}

std::vector<double> times(const Recorder& recorder, std::uint64_t Second::*of) {
  return column(recorder, [of](const Second& second) {
    return second.*of == 0 ? -1 : static_cast<double>(second.*of) / kSecond_us;
  });
}

std::vector<double> counts(const Recorder& recorder, std::uint64_t Second::*of) {
  return column(recorder, [of](const Second& second) { return static_cast<double>(second.*of); });
}

std::string charts(const LoadReport& report) {
  const auto& recorder = report.recorder;
  std::string text;
  if (recorder.tally().answers.count() != 0)
    text += draw({.title = "Latency of answers",
                  .lines = {{"median", times(recorder, &Second::answer_p50)},
                            {"99 %", times(recorder, &Second::answer_p99)},
                            {"longest", times(recorder, &Second::answer_most)}},
                  .is_time = true});
  text += draw({.title = "Open sockets", .lines = {{"open", counts(recorder, &Second::open)}}});
  text += draw({.title = "Handshakes a second",
                .lines = {{"launched", counts(recorder, &Second::launched)},
                          {"completed", counts(recorder, &Second::completed)}},
                .greatest = false});
  text += draw({.title = "Time of a handshake",
                .lines = {{"median", times(recorder, &Second::handshake_p50)},
                          {"99 %", times(recorder, &Second::handshake_p99)}},
                .is_time = true});
  text += draw({.title = "Messages a second",
                .lines = {{"sent", counts(recorder, &Second::sent)},
                          {"answered", counts(recorder, &Second::answered)}},
                .greatest = false});
  text += draw({.title = "Failures a second", .lines = {{"failures", counts(recorder, &Second::failures)}}});
  return "<h2>Over time</h2>\n<div class=\"charts\">" + text + "</div>\n";
}

std::string cells(const char* title, const Histogram& of) {
  if (of.count() == 0) return {};
  std::string text =
      std::string("<tr><th scope=\"row\">") + title + "</th><td>" + grouped(of.count()) + "</td>";
  for (const auto value :
       {of.least(), of.quantile(0.5), of.quantile(0.95), of.quantile(0.99), of.quantile(0.999), of.most()})
    text += "<td>" + shown_us(value) + "</td>";
  return text + "</tr>\n";
}

std::string quantile_table(const Tally& tally) {
  return "<h2>Times</h2>\n<div "
         "class=\"box\"><table><thead><tr><th></th><th>number</th><th>min</th><th>median</th>"
         "<th>95 %</th><th>99 %</th><th>99.9 %</th><th>max</th></tr></thead><tbody>\n" +
         cells("handshake", tally.handshakes) + cells("answer", tally.answers) +
         cells("this program's own lateness", tally.lag) + "</tbody></table></div>\n";
}

std::string after(std::int64_t us) {
  return shown_us(static_cast<std::uint64_t>(std::max<std::int64_t>(us, 0)));
}

std::string failure_row(const std::string& phase, const std::string& what, const Occurrences& of) {
  return "<tr><th scope=\"row\">" + phase + "</th><td class=\"t\">" + escape_html(what) + "</td><td>" +
         grouped(of.count) + "</td><td>" + after(of.first_us) + "</td><td>" + after(of.last_us) +
         "</td></tr>\n";
}

std::string failure_table(const Tally& tally) {
  std::string rows;
  for (const auto& [key, of] : tally.failures) rows += failure_row(name(key.first), key.second, of);
  for (const auto& [code, of] : tally.close_codes)
    rows += failure_row("open", "closed by the server: " + std::to_string(code) + " " + of.text, of);
  if (tally.unanswered != 0)
    rows += "<tr><th scope=\"row\">open</th><td class=\"t\">messages without an answer</td><td>" +
            grouped(tally.unanswered) + "</td><td></td><td></td></tr>\n";
  if (rows.empty()) return {};
  return "<h2>Failures</h2>\n<div class=\"box\"><table><thead><tr><th>where</th><th "
         "class=\"t\">what</th><th>number</th>"
         "<th>first after</th><th>last after</th></tr></thead><tbody>\n" +
         rows + "</tbody></table></div>\n";
}

}  // namespace

std::string report_html(const LoadReport& report) {
  const auto& tally = report.recorder.tally();
  const auto url = escape_html(report.options.url.shown);
  const auto warning = warning_of(report);
  std::string text =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Load on " +
      url + "</title>\n<style>" + kStyle + "</style>\n</head>\n<body>\n<h1>Load on " + url + "</h1>\n";
  text += "<p class=\"about\">" + escape_html(report.began) + ", " + status::time_span(report.seconds) +
          ", at " + escape_html(report.address) + ", wsflow-load " WSFLOW_VERSION +
          (report.interrupted ? ". The run was interrupted." : "") + "</p>\n";
  if (!warning.empty()) text += "<p class=\"warning\">" + escape_html(warning) + "</p>\n";
  return text + tiles(report) + failure_table(tally) + charts(report) + quantile_table(tally) +
         "</body>\n</html>\n";
}

}  // namespace wsflow::load
