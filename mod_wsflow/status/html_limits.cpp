#include "mod_wsflow/status/html_limits.hpp"

#include <algorithm>

#include "mod_wsflow/status/html.hpp"
#include "mod_wsflow/status/limit_text.hpp"
#include "mod_wsflow/status/utf8.hpp"

namespace wsflow::status {

namespace {

std::string cell(const std::string& text) {
  return "<td>" + escape_html(valid_utf8(text)) + "</td>";
}

std::string cell(std::uint64_t value) {
  return "<td>" + std::to_string(value) + "</td>";
}

// "18 of 20"; "18, 2 for each key"; "18" where the concurrency does not limit it.
std::string used(const flow::LimitView& view) {
  auto text = std::to_string(view.in_use);
  if (view.now.concurrency == 0) return text;
  if (view.defined.keyed) return text + ", " + std::to_string(view.now.concurrency) + " for each key";
  return text + " of " + std::to_string(view.now.concurrency);
}

std::string gauge(const flow::LimitView& view) {
  if (view.now.concurrency == 0 || view.defined.keyed) return "";
  const auto most = std::to_string(view.now.concurrency);
  return "<meter max=\"" + most + "\" value=\"" +
         std::to_string(std::min(view.in_use, view.now.concurrency)) + "\"></meter> ";
}

std::string pace(const flow::LimitView& view) {
  if (view.now.rate <= 0 || view.ramp_share >= 1) return rate_text(view.now.rate);
  return decimal(view.now.rate * view.ramp_share) + "/s of " + rate_text(view.now.rate);
}

// "12 concurrency, 3 timeout": only what has happened.
std::string reasons(const flow::LimitView& view) {
  std::string text;
  const auto add = [&](std::uint64_t count, const char* what) {
    if (count != 0) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + what;
  };
  for (std::size_t i = 0; i < flow::kReasons; ++i) {
    add(view.refused[i], flow::name(static_cast<flow::Reason>(i)));
  }
  add(view.dry_refused, "only counted (dry-run)");
  return text.empty() ? "none" : text;
}

std::string title(const flow::LimitView& view) {
  return view.name + (view.configured ? "" : " (not configured any more)") +
         (view.defined.dry_run ? " (dry-run)" : "");
}

std::string rows(const Model& model) {
  std::string out =
      "<tr><th>limit</th><th>in use</th><th>peak</th><th>waiting</th><th>rate</th><th>admitted</th>"
      "<th>refused</th><th>measured</th></tr>\n";
  for (const auto& view : model.limits) {
    out += "<tr>" + cell(title(view)) + "<td>" + gauge(view) + used(view) + "</td>" + cell(view.peak) +
           cell(std::to_string(view.waiting) + " of " + std::to_string(view.now.queue)) + cell(pace(view)) +
           cell(view.admitted) + cell(reasons(view)) + cell(advice(view)) + "</tr>\n";
  }
  return out;
}

std::string decision(const flow::LimitView& view) {
  const auto& gradient = view.gradient;
  if (view.defined.most == 0) return "";
  return "<p>concurrency=auto, " + std::to_string(view.defined.least) + " to " +
         std::to_string(view.defined.most) + "; last decision: " + std::to_string(gradient.before) + " to " +
         std::to_string(gradient.after) + " (" + flow::name(gradient.why) + ": " +
         decimal(gradient.recent / 1000) + " ms to the first byte, usually " +
         decimal(gradient.usual / 1000) + " ms)</p>\n";
}

std::string keys(const flow::LimitView& view) {
  if (!view.defined.keyed || view.top_keys.empty()) return "";
  std::string out =
      "<table>\n<tr><th>key</th><th>in use</th><th>peak</th><th>waiting</th><th>admitted</th>"
      "<th>refused</th></tr>\n";
  for (const auto& key : view.top_keys) {
    out += "<tr>" + cell(shown(key)) + cell(key.in_use) + cell(key.peak) + cell(key.waiting) +
           cell(key.admitted) + cell(key.refused) + "</tr>\n";
  }
  return out + "</table>\n";
}

// What is left empty stays as it is.
std::string field(const char* name, const std::string& now) {
  return std::string("<label>") + name + " <input name=\"" + name + "\" size=\"8\" placeholder=\"" + now +
         "\"></label>\n";
}

std::string form(const flow::LimitView& view, const std::string& nonce) {
  if (!view.configured) return "";
  return "<form method=\"post\" action=\"?\">\n<input type=\"hidden\" name=\"nonce\" value=\"" +
         escape_html(nonce) +
         "\"><input type=\"hidden\" name=\"from\" value=\"page\">"
         "<input type=\"hidden\" name=\"action\" value=\"limit\"><input type=\"hidden\" name=\"name\" "
         "value=\"" +
         escape_html(view.name) + "\">\n" + field("concurrency", std::to_string(view.now.concurrency)) +
         field("rate", rate_text(view.now.rate)) + field("queue", std::to_string(view.now.queue)) +
         "<button>Change</button></form>\n";
}

}  // namespace

std::string limits_table(const Model& model) {
  return "<table>\n" + rows(model) + "</table>\n";
}

std::string limits_with_forms(const Model& model) {
  if (model.limits.empty()) return "";
  auto out = "<h2 id=\"limits\">Limits</h2>\n" + limits_table(model);
  for (const auto& view : model.limits) {
    const auto details = decision(view) + keys(view) + form(view, model.nonce);
    if (!details.empty()) out += "<h3>" + escape_html(view.name) + "</h3>\n" + details;
  }
  return out;
}

}  // namespace wsflow::status
