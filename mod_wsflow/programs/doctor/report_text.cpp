#include <algorithm>

#include "mod_wsflow/capacity/number_text.hpp"
#include "mod_wsflow/programs/doctor/report.hpp"
#include "mod_wsflow/version.h"

namespace wsflow::doctor {

namespace {

constexpr std::size_t kWidth = 90;

// A paragraph, each line of it behind `indent` blanks.
void append_wrapped(std::string& out, std::string_view text, std::size_t indent) {
  std::size_t column = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    const auto word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) continue;
    if (column != 0 && column + 1 + word.size() > kWidth) {
      out += '\n';
      column = 0;
    }
    if (column == 0) {
      out.append(indent, ' ');
      column = indent;
    } else {
      out += ' ';
      ++column;
    }
    out.append(word);
    column += word.size();
  }
  out += '\n';
}

void append_advice(std::string& out, const capacity::Advice& advice) {
  constexpr std::size_t kIndent = 4;
  if (!advice.line.empty()) {
    // Never wrapped: it is to be copied.
    out.append(kIndent, ' ')
        .append(advice.where)
        .append(":\n")
        .append(2 * kIndent, ' ')
        .append(advice.line)
        .append("\n");
  } else {
    append_wrapped(out, advice.where, kIndent);
  }
  auto rest = advice.note;
  if (!advice.then.empty())
    rest.append(rest.empty() ? "" : " ").append("Then: ").append(advice.then).append(".");
  if (!rest.empty()) append_wrapped(out, rest, kIndent);
}

std::string heading(const Observed& observed) {
  std::string text = "wsflow-doctor " WSFLOW_VERSION;
  if (observed.dump == nullptr) return text;
  text.append(": ").append(observed.dump->httpd).append(", MPM ").append(observed.dump->mpm);
  if (observed.pid) text += ", process " + std::to_string(*observed.pid);
  if (observed.status)
    text += ", " + capacity::counted(observed.status->tunnels, "tunnel", "tunnels") + " open";
  return text;
}

std::string verdict(const Diagnosis& diagnosis) {
  if (!diagnosis.wanted) return "How many tunnels it carries is not known.";
  const auto wanted = capacity::counted(*diagnosis.wanted, "tunnel", "tunnels");
  if (!diagnosis.carried) return wanted + ": not known; no limit was found.";
  const auto carried = capacity::grouped(*diagnosis.carried);
  const bool enough = *diagnosis.carried >= *diagnosis.wanted;
  return wanted + (enough ? ": yes. " : ": no. ") + "It carries " + carried + "; the first limit is " +
         diagnosis.first + ".";
}

}  // namespace

std::string report_text(const Observed& observed, const Diagnosis& diagnosis) {
  std::string out;
  append_wrapped(out, heading(observed), 0);
  out += '\n';
  append_wrapped(out, verdict(diagnosis), 0);
  std::size_t number = 0;
  for (const auto& trouble : diagnosis.troubles) {
    auto title = std::to_string(++number) + ". " + std::string(name(trouble.severity)) + ": " + trouble.title;
    if (trouble.tunnels) title += ": " + capacity::counted(*trouble.tunnels, "tunnel", "tunnels");
    out += '\n';
    append_wrapped(out, title, 0);
    append_wrapped(out, trouble.because + ".", 4);
    for (const auto& advice : trouble.advice) append_advice(out, advice);
  }
  if (diagnosis.troubles.empty()) out += "\nNothing is wrong.\n";
  if (!observed.unknown.empty()) out += "\nNot seen:\n";
  for (const auto& what : observed.unknown) append_wrapped(out, what + ".", 4);
  return out;
}

}  // namespace wsflow::doctor
