#include "mod_wsflow/status/metrics_text.hpp"

#include <charconv>
#include <initializer_list>
#include <span>
#include <vector>

#include "mod_wsflow/base/utf8.hpp"
#include "mod_wsflow/metrics/catalogue.hpp"

namespace wsflow::status {

namespace {

using metrics::Reading;

bool take_end(std::string_view& text, std::string_view end) noexcept {
  if (!text.ends_with(end)) return false;
  text.remove_suffix(end.size());
  return true;
}

void append_escaped(std::string& out, std::string_view value) {
  for (const char c : base::valid_utf8(value)) {
    if (c == '\\' || c == '"') out.push_back('\\');
    if (c == '\n') {
      out.append("\\n");
    } else {
      out.push_back(c);
    }
  }
}

// As the canonical form wants it: never with an exponent, always with a point.
std::string decimal_point(double value) {
  char space[64];
  const auto result = std::to_chars(std::begin(space), std::end(space), value, std::chars_format::fixed);
  std::string text(space, result.ptr);
  return text.find('.') == std::string::npos ? text + ".0" : text;
}

std::vector<std::string_view> split(std::string_view labels) {
  std::vector<std::string_view> names;
  while (!labels.empty()) {
    names.push_back(labels.substr(0, labels.find(',')));
    labels.remove_prefix(std::min(names.back().size() + 1, labels.size()));
  }
  return names;
}

// The document as it grows, family by family.
class Document {
 public:
  explicit Document(MetricsFormat format) noexcept : format_(format) {}

  // What its name ends with says what kind of family it is.
  void begin(std::string_view metric, std::string_view labels, const char* help, const char* kind = "gauge") {
    metric_ = metric;
    labels_ = split(labels);
    auto name = metric;
    if (take_end(name, "_total")) kind = "counter";
    if (take_end(name, "_info")) kind = format_ == MetricsFormat::open ? "info" : "gauge";
    auto unitless = name;
    const char* unit = take_end(unitless, "_seconds") ? "seconds" : nullptr;
    if (take_end(unitless, "_bytes")) unit = "bytes";
    // OpenMetrics names a family without the ends that only its samples have.
    if (format_ == MetricsFormat::text) name = metric;
    about("TYPE", name, kind);
    if (format_ == MetricsFormat::open && unit != nullptr) about("UNIT", name, unit);
    about("HELP", name, help);
  }

  // One of the family: `values` of its labels, in their order; `more`: another label, as it is written.
  void sample(std::span<const std::string_view> values, std::string_view number, std::string_view end = "",
              std::string_view more = "") {
    out_.append(metric_).append(end);
    char before = '{';
    for (std::size_t i = 0; i < values.size(); ++i) {
      out_.push_back(std::exchange(before, ','));
      out_.append(labels_[i]).append("=\"");
      append_escaped(out_, values[i]);
      out_.push_back('"');
    }
    if (!more.empty()) {
      out_.push_back(std::exchange(before, ','));
      out_.append(more);
    }
    if (before == ',') out_.push_back('}');
    out_.append(" ").append(number).append("\n");
  }
  void sample(std::initializer_list<std::string_view> values, std::uint64_t number) {
    sample(std::span(values.begin(), values.size()), std::to_string(number));
  }

  std::span<const std::string_view> labels() const noexcept { return labels_; }

  std::string end() && {
    if (format_ == MetricsFormat::open) out_.append("# EOF\n");
    return std::move(out_);
  }

 private:
  void about(const char* what, std::string_view name, const char* text) {
    out_.append("# ").append(what).append(" ").append(name).append(" ").append(text).append("\n");
  }

  const MetricsFormat format_;
  std::string_view metric_;
  std::vector<std::string_view> labels_;
  std::string out_;
};

// The values of the labels of one counter of a family: the last label changes first.
std::vector<std::string_view> values_of(std::span<const std::string_view> labels, std::size_t index) {
  std::vector<std::string_view> values(labels.size());
  for (auto i = labels.size(); i-- > 0;) {
    const auto& label = metrics::label(labels[i]);
    values[i] = label.value(index % label.count);
    index /= label.count;
  }
  return values;
}

void write_times(Document& document, const metrics::TimesFamily& family, const shm::Counters& sums) {
  const auto& times = family.times;
  for (std::size_t i = 0; i < family.count; ++i) {
    const auto values = values_of(document.labels(), i);
    const auto first = family.first + i * times.counters();
    std::uint64_t count = 0;
    for (std::size_t bucket = 0; bucket < times.buckets(); ++bucket) {
      count += sums[first + bucket];
      const auto bound =
          bucket < times.bounds.size()
              ? decimal_point(static_cast<double>(times.bounds[bucket]) * times.bound / times.second)
              : "+Inf";
      document.sample(values, std::to_string(count), "_bucket", "le=\"" + bound + "\"");
    }
    document.sample(values, std::to_string(count), "_count");
    const auto sum = static_cast<double>(sums[first + times.buckets()]) / times.second;
    document.sample(values, decimal_point(sum), "_sum");
  }
}

void write_permits_limit(Document& document, const limits::LimitView& limit) {
  const std::string_view name = limit.name;
  const bool any = limit.now.concurrency == 0 || limit.defined.keyed;
  document.sample(std::span(&name, 1), any ? "+Inf" : std::to_string(limit.now.concurrency));
}

void write_limit(Document& document, Reading what, const limits::LimitView& limit) {
  const std::string_view name = limit.name;
  switch (what) {
    case Reading::permits_in_use: return document.sample({limit.name}, limit.in_use);
    case Reading::permits_limit: return write_permits_limit(document, limit);
    case Reading::permits_key_limit:
      if (limit.defined.keyed && limit.now.concurrency != 0)
        document.sample({limit.name}, limit.now.concurrency);
      return;
    case Reading::permits_waiting: return document.sample({limit.name}, limit.waiting);
    case Reading::permits_needed:
      return document.sample(std::span(&name, 1), decimal_point(limit.need.permits));
    case Reading::limit_keys: return document.sample({limit.name}, limit.keys);
    case Reading::limit_requests: return document.sample({limit.name}, limit.arrivals);
    case Reading::limit_admissions: return document.sample({limit.name}, limit.admitted);
    case Reading::limit_refusals:
      for (std::size_t i = 0; i < limits::kReasons; ++i)
        document.sample({limit.name, limits::name(static_cast<limits::LimitReason>(i))}, limit.refused[i]);
      return;
    case Reading::limit_dry_refusals: return document.sample({limit.name}, limit.dry_refused);
    case Reading::build_info:
    case Reading::generation:
    case Reading::processes:
    case Reading::tunnels_active:
    case Reading::tunnels_active_worker:
    case Reading::tunnels_max:
    case Reading::buffered: return;
  }
}

void write_reading(Document& document, Reading what, const Model& model) {
  const auto& processes = model.snapshot.processes;
  std::uint64_t buffered = 0;
  std::uint64_t most = 0;
  for (const auto& process : processes) {
    buffered += process.buffered;
    if (process.kind == shm::ProcessKind::child) most += process.max_tunnels;
  }
  switch (what) {
    case Reading::build_info: return document.sample({model.version}, 1);
    case Reading::generation: return document.sample({}, model.generation);
    case Reading::processes:
      document.sample({name(shm::ProcessKind::child)}, processes.size() - model.keepers());
      return document.sample({name(shm::ProcessKind::keeper)}, model.keepers());
    case Reading::tunnels_active: return document.sample({}, model.active());
    case Reading::tunnels_active_worker: return document.sample({}, model.active_worker());
    case Reading::tunnels_max: return document.sample({}, most);
    case Reading::buffered: return document.sample({}, buffered);
    case Reading::permits_in_use:
    case Reading::permits_limit:
    case Reading::permits_key_limit:
    case Reading::permits_waiting:
    case Reading::permits_needed:
    case Reading::limit_keys:
    case Reading::limit_requests:
    case Reading::limit_admissions:
    case Reading::limit_refusals:
    case Reading::limit_dry_refusals:
      for (const auto& limit : model.limits) write_limit(document, what, limit);
      return;
  }
}

}  // namespace

const char* content_type(MetricsFormat format) noexcept {
  return format == MetricsFormat::open ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                       : "text/plain; version=0.0.4; charset=utf-8";
}

std::string to_metrics(const Model& model, MetricsFormat format) {
  const auto& sums = model.snapshot.sums;
  Document document(format);
  for (const auto& family : metrics::families()) {
    document.begin(family.metric, family.labels, family.help);
    for (std::size_t i = 0; i < family.count; ++i) {
      document.sample(values_of(document.labels(), i), std::to_string(sums[family.first + i]));
    }
  }
  for (const auto& family : metrics::histograms()) {
    document.begin(family.metric, family.labels, family.help, "histogram");
    write_times(document, family, sums);
  }
  for (std::size_t i = 0; i < metrics::kReadings; ++i) {
    const auto& family = metrics::readings()[i];
    document.begin(family.metric, family.labels, family.help);
    write_reading(document, static_cast<Reading>(i), model);
  }
  return std::move(document).end();
}

}  // namespace wsflow::status
