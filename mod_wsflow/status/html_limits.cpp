#include "mod_wsflow/status/html_limits.hpp"

#include <algorithm>

#include "mod_wsflow/base/utf8.hpp"
#include "mod_wsflow/status/html_table.hpp"
#include "mod_wsflow/status/limit_text.hpp"
#include "mod_wsflow/status/query_text.hpp"

namespace wsflow::status {

namespace {

// The permits in use: "18 of 20"; "18, 2 for each key"; "18" if the concurrency does not limit them.
std::string used(const limits::LimitView& view) {
  auto text = std::to_string(view.in_use);
  if (view.now.concurrency == 0) return text;
  if (view.defined.keyed) return text + ", " + std::to_string(view.now.concurrency) + " for each key";
  return text + " of " + std::to_string(view.now.concurrency);
}

std::string meter(std::uint32_t value, const std::string& most) {
  return "<meter max=\"" + most + "\" value=\"" + std::to_string(value) + "\"></meter> ";
}

std::string gauge(const limits::LimitView& view) {
  if (view.now.concurrency == 0 || view.defined.keyed) return "";
  return meter(std::min(view.in_use, view.now.concurrency), std::to_string(view.now.concurrency));
}

std::string pace(const limits::LimitView& view) {
  if (view.now.rate <= 0 || view.ramp_share >= 1) return rate_text(view.now.rate);
  return decimal(view.now.rate * view.ramp_share) + "/s of " + rate_text(view.now.rate);
}

// The refusals by reason, without zeros: "12 concurrency, 3 timeout".
std::string reasons(const limits::LimitView& view) {
  std::string text;
  const auto add = [&](std::uint64_t count, const char* what) {
    if (count != 0) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + what;
  };
  for (std::size_t i = 0; i < limits::kReasons; ++i) {
    add(view.refused[i], limits::name(static_cast<limits::LimitReason>(i)));
  }
  add(view.dry_refused, "only counted (dry-run)");
  return text.empty() ? "none" : text;
}

std::string title(const limits::LimitView& view) {
  return view.name + (view.configured ? "" : " (not configured any more)") +
         (view.defined.applies != limits::Applies::all
              ? std::string(" (") + limits::name(view.defined.applies) + ")"
              : "") +
         (view.defined.dry_run ? " (dry-run)" : "");
}

std::string waiting(const limits::LimitView& view) {
  const auto most = std::to_string(view.now.queue);
  const auto text = std::to_string(view.waiting) + " of " + most;
  if (view.now.queue == 0) return text;
  return meter(std::min(view.waiting, view.now.queue), most) + text;
}

std::string rows(const Model& model) {
  std::string out;
  for (const auto& view : model.limits) {
    out += "<tr>" + row_head(html(title(view))) + number_cell(gauge(view) + used(view)) +
           number_cell(view.peak) + number_cell(waiting(view)) + number_cell(escape_html(pace(view))) +
           number_cell(view.admitted) + "<td class=\"w\">" + escape_html(reasons(view)) +
           "</td><td class=\"w\">" + escape_html(advice(view.need, view.defined.keyed)) + "</td></tr>\n";
  }
  return out;
}

std::string decision(const limits::LimitView& view) {
  const auto& gradient = view.gradient;
  if (view.defined.most == 0) return "";
  return "<p>concurrency=auto, " + std::to_string(view.defined.least) + " to " +
         std::to_string(view.defined.most) + "; last decision: " + std::to_string(gradient.before) + " to " +
         std::to_string(gradient.after) + " (" + limits::name(gradient.why) + ": " +
         decimal(gradient.sample_rtt / 1000) + " ms to the first byte, usually " +
         decimal(gradient.min_rtt / 1000) + " ms)</p>\n";
}

// True if the page shows `text` unchanged: a form sends a text as the page has it.
bool can_be_sent(const std::string& text) {
  return !text.empty() && base::printable_utf8(text) == text;
}

std::string keys(const Model& model, const limits::LimitView& view) {
  if (!view.defined.keyed || view.top_keys.empty()) return "";
  const auto form = "close-key-" + html(view.name);
  std::string rows;
  for (const auto& key : view.top_keys) {
    std::string button;
    if (can_be_sent(key.text)) {
      button = "<button form=\"" + form + "\" name=\"key\" value=\"" + html(key.text) +
               "\" class=\"danger\">Close all</button>";
    }
    rows += "<tr>" + row_head(html(shown(key))) + number_cell(key.in_use) + number_cell(key.peak) +
            number_cell(key.waiting) + number_cell(key.admitted) + number_cell(key.refused) + cell(button) +
            "</tr>\n";
  }
  return table("Keys of " + base::valid_utf8(view.name),
               column("key") + number_column("in use") + number_column("peak") + number_column("waiting") +
                   number_column("admitted") + number_column("refused") + column("tunnels"),
               rows) +
         post_form((" id=\"" + form + "\"").c_str(), model.nonce, to_query(model.query)) +
         hidden("action", "close") + hidden("limit", view.name) + "</form>\n";
}

// A field of a limit's form. An empty one changes nothing.
std::string field(const char* name, const std::string& now) {
  return std::string("<label>") + name + " <input name=\"" + name + "\" size=\"8\" placeholder=\"" +
         escape_html(now) + "\"></label>\n";
}

std::string form(const Model& model, const limits::LimitView& view) {
  if (!view.configured) return "";
  return post_form(" class=\"inline\"", model.nonce, to_query(model.query)) + hidden("action", "limit") +
         hidden("name", view.name) + "\n" + field("concurrency", std::to_string(view.now.concurrency)) +
         field("rate", rate_text(view.now.rate)) + field("queue", std::to_string(view.now.queue)) +
         "<button>Change</button></form>\n";
}

}  // namespace

std::string limits_table(const Model& model) {
  return table("Limits",
               column("limit") + number_column("in use") + number_column("peak") + number_column("waiting") +
                   number_column("rate") + number_column("admitted") + column("refused") + column("measured"),
               rows(model));
}

std::string limits_with_forms(const Model& model) {
  if (model.limits.empty()) return "";
  auto out = "<section id=\"limits\"><h2>Limits</h2>\n" + limits_table(model);
  for (const auto& view : model.limits) {
    const auto details = decision(view) + keys(model, view) + form(model, view);
    if (details.empty()) continue;
    out += "<div class=\"limit\"><h3>" + html(view.name) + "</h3>\n" + details + "</div>\n";
  }
  return out + "</section>\n";
}

}  // namespace wsflow::status
