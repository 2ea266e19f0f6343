#include "mod_wsflow/status/html_limits.hpp"

#include <algorithm>

#include "mod_wsflow/base/utf8.hpp"
#include "mod_wsflow/status/html_table.hpp"
#include "mod_wsflow/status/limit_text.hpp"
#include "mod_wsflow/status/query.hpp"
#include "mod_wsflow/status/query_text.hpp"
#include "mod_wsflow/status/trouble.hpp"

namespace wsflow::status {

namespace {

// So many limits show their keys and forms at once.
constexpr std::size_t kMostOpen = 3;

// The permits in use: "18 of 20"; "18, 2 for each key"; "18" if the concurrency does not limit them.
std::string used(const limits::LimitView& view) {
  auto text = std::to_string(view.in_use);
  if (view.now.concurrency == 0) return text;
  if (limits::is_shared(view.defined) && !view.defined.keyed)
    return text + " of " + std::to_string(view.usable.permits) + ", all nodes " +
           std::to_string(view.now.concurrency);
  if (view.defined.keyed) return text + ", " + std::to_string(view.now.concurrency) + " for each key";
  return text + " of " + std::to_string(view.now.concurrency);
}

// A bar of what counts for how full the limit is, and its numbers. Of a limit with keys that is the fullest
// key.
std::string in_use(const limits::LimitView& view) {
  const auto counts = used_of(view);
  if (counts.most == 0) return used(view);
  const auto bar = meter(counts.now, counts.most, "permits in use");
  if (!view.defined.keyed) return bar + used(view);
  return bar + "fullest key " + grouped(counts.now) + " of " + grouped(counts.most) + "<br><small>" +
         used(view) + "</small>";
}

const char* kind_of(const limits::LimitView& view) noexcept {
  const auto counts = used_of(view);
  const auto fill = fill_of(counts.now, counts.most);
  return fill == Fill::room ? "ok" : fill == Fill::full && view.waiting != 0 ? "bad" : "warm";
}

std::string state(const limits::LimitView& view) {
  const auto counts = used_of(view);
  const auto fill = fill_of(counts.now, counts.most);
  const auto* kind = kind_of(view);
  if (!view.configured) return state_word("warm", "not configured");
  if (fill == Fill::full) return state_word(kind, view.waiting != 0 ? "full, requests wait" : "full");
  return state_word(kind, fill == Fill::nearly ? "nearly full" : "has room");
}

// "4,600 19.8/s"
std::string with_rate(std::uint64_t count, double rate) {
  return grouped(count) + " <small>" + amount(rate) + "/s</small>";
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
  // Nobody may wait.
  if (view.now.queue == 0 && view.waiting == 0) return "&ndash;";
  const auto text = grouped(view.waiting) + " of " + grouped(view.now.queue);
  return view.now.queue == 0 ? text : meter(view.waiting, view.now.queue, "requests that wait") + text;
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

// What this node has of a limit that nodes share, and why it has no more.
std::string share(const Model& model, const limits::LimitView& view) {
  if (!limits::is_shared(view.defined)) return "";
  const auto& told = view.share;
  auto text = "<p>shared as " + html(view.defined.cluster) + ": ";
  if (view.defined.keyed) {
    text += "each key for itself, " + std::to_string(told.keys_shared) + " here; " +
            std::to_string(told.keys_asked) + " were asked for, " + std::to_string(told.keys_denied) +
            " requests refused behind that; answers take " + decimal(model.cluster.answer_ms) + " ms; ";
  } else if (view.now.concurrency != 0) {
    text += std::to_string(view.usable.permits) + " permits here, " + std::to_string(told.others) +
            " with other nodes, " + std::to_string(told.limit) + " in all; ";
  }
  if (view.now.rate > 0 && !view.defined.keyed)
    text += rate_text(view.usable.pace.rate) + " here, " + rate_text(told.rate) + " in all; ";
  text += std::to_string(told.nodes) + " nodes; ";
  if (view.lease_left == 0) {
    text += "this node has no lease: floor=" + std::to_string(view.defined.floor) + " counts";
  } else if (told.settling != 0) {
    text += "the database has begun anew, and grants nothing until one lease has passed";
  } else {
    text += "leased for " + decimal(limits::seconds(view.lease_left)) + " s";
  }
  if (!model.cluster.error.empty()) text += "; the database does not answer: " + html(model.cluster.error);
  return text + "</p>\n";
}

// True if the page shows `text` unchanged: a form sends a text as the page has it.
bool can_be_sent(const std::string& text) {
  return !text.empty() && base::printable_utf8(text) == text;
}

// Leads to all that is known of the key.
std::string key_link(const limits::LimitView& view, const limits::KeyView& key) {
  if (!can_be_sent(key.text)) return html(shown(key));
  shm::Query query{.count = kPageCount};
  query.selector.limit = view.name;
  query.selector.key = key.text;
  return "<a href=\"?" + escape_html(to_query(query)) + "#client\">" + html(key.text) + "</a>";
}

std::string keys(const Model& model, const limits::LimitView& view) {
  if (!view.defined.keyed || view.top_keys.empty()) return "";
  const Columns columns = {{"key"},           {"in use", true},   {"peak", true},
                           {"waiting", true}, {"admitted", true}, {"refused", true},
                           {"actions"}};
  const auto form = "close-key-" + html(view.name);
  std::string rows;
  for (const auto& key : view.top_keys) {
    std::string button;
    if (can_be_sent(key.text)) {
      button = "<button form=\"" + form + "\" name=\"key\" value=\"" + html(key.text) +
               "\" class=\"danger\">Close all</button>";
    }
    const auto most = view.now.concurrency;
    const auto bar = most != 0 ? meter(key.in_use, most, "permits of the key") : std::string();
    const bool full = fill_of(key.in_use, most) == Fill::full;
    rows += columns.row(key_link(view, key),
                        {bar + grouped(key.in_use), grouped(key.peak), grouped(key.waiting),
                         grouped(key.admitted), grouped(key.refused), button},
                        full ? " class=\"warm\"" : "");
  }
  return cards("Keys of " + base::valid_utf8(view.name), columns, rows) +
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
         "<button>Change...</button></form>\n";
}

}  // namespace

std::string limits_table(const Model& model) {
  const Columns columns = {{"limit"},          {"state"},         {"in use", true},
                           {"peak", true},     {"waiting", true}, {"rate", true},
                           {"admitted", true}, {"refused", true}, {"measured", false, true}};
  std::string rows;
  for (const auto& view : model.limits) {
    const auto* kind = kind_of(view);
    rows +=
        columns.row(html(title(view)),
                    {state(view), in_use(view), grouped(view.peak), waiting(view), escape_html(pace(view)),
                     with_rate(view.admitted, view.admission_rate),
                     with_rate(refused(view), view.refusal_rate) + "<br><small>" +
                         escape_html(reasons(view)) + "</small>",
                     escape_html(advice(view.need, view.defined.keyed))},
                    kind == std::string_view("ok") ? "" : (" class=\"" + std::string(kind) + "\"").c_str());
  }
  return cards("Limits", columns, rows);
}

std::string limits_with_forms(const Model& model) {
  if (model.limits.empty()) return "";
  auto out = "<section id=\"limits\">" + heading("Limits") + limits_table(model);
  for (const auto& view : model.limits) {
    const auto details = share(model, view) + decision(view) + keys(model, view) + form(model, view);
    if (details.empty()) continue;
    out += "<details class=\"limit\"" + std::string(model.limits.size() <= kMostOpen ? " open" : "") +
           "><summary><b>" + html(view.name) + "</b>: change it" + (view.defined.keyed ? ", its keys" : "") +
           "</summary>\n" + details + "</details>\n";
  }
  return out + "</section>\n";
}

}  // namespace wsflow::status
