#include "mod_wsflow/presence/batch.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <charconv>
#include <memory>
#include <system_error>

#include "mod_wsflow/base/utf8.hpp"

namespace wsflow::presence {

struct BatchText::Parts {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer{buffer};

  void key(std::string_view name) { writer.Key(name.data(), static_cast<rapidjson::SizeType>(name.size())); }
  void text(std::string_view value) {
    writer.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
  }
  void number(std::string_view name, std::int64_t value) {
    key(name);
    writer.Int64(value);
  }
  void flag(std::string_view name, bool value) {
    if (!value) return;
    key(name);
    writer.Bool(true);
  }
};

BatchText::BatchText(const BatchHead& head) : parts_(std::make_unique<Parts>().release()) {
  auto& [buffer, writer] = *parts_;
  writer.StartObject();
  parts_->key("node");
  parts_->text(head.node);
  parts_->number("process", static_cast<std::int64_t>(head.process));
  parts_->number("now", head.now);
  parts_->number("lease", head.lease);
  parts_->number("sync", head.sync);
  parts_->number("take", head.most_events);
  parts_->flag("sweep", head.sweep);
  parts_->flag("end", head.end);
  parts_->flag("report", head.report);
  parts_->flag("events", head.keep_events);
  if (!head.delivered.empty()) {
    parts_->key("delivered");
    writer.StartArray();
    for (const auto number : head.delivered) writer.Uint64(number);
    writer.EndArray();
  }
  if (!head.dead.empty()) {
    parts_->key("dead");
    writer.StartArray();
    for (const auto& dead : head.dead) {
      writer.StartArray();
      writer.Uint64(dead.process);
      writer.Int64(dead.at);
      writer.EndArray();
    }
    writer.EndArray();
  }
  parts_->key("rows");
  writer.StartArray();
}

BatchText::~BatchText() {
  const std::unique_ptr<Parts> owned(parts_);
}

void BatchText::add(const Row& row) {
  auto& [buffer, writer] = *parts_;
  writer.StartArray();
  parts_->text(row.list->name);
  parts_->text(row.list->route);
  parts_->text(row.key);
  writer.Int64(row.opened);
  if (row.closed != 0) {
    writer.Int64(row.closed);
  } else {
    writer.Null();
  }
  writer.Uint(row.sockets);
  writer.Uint(row.most);
  writer.Uint64(row.bytes);
  writer.Int64(row.list->grace);
  writer.EndArray();
}

const char* BatchText::finish() {
  parts_->writer.EndArray();
  parts_->writer.EndObject();
  return parts_->buffer.GetString();
}

namespace {

// 0 for what is no number.
template <class Number>
Number number(const char* text) noexcept {
  Number value = 0;
  if (text == nullptr) return value;
  const std::string_view digits(text);
  if (std::from_chars(digits.data(), digits.data() + digits.size(), value).ec != std::errc{}) value = 0;
  return value;
}

std::string text(const char* value) {
  return value != nullptr ? value : "";
}

}  // namespace

void BatchAnswer::take(std::span<const char* const> values) {
  const std::string_view kind(!values.empty() && values[0] != nullptr ? values[0] : "");
  if (kind == "resync") {
    unknown = true;
  } else if (kind == "event" && values.size() >= 8) {
    changes.push_back({.number = number<std::uint64_t>(values[1]),
                       .joined = text(values[2]) == "join",
                       .at = number<Time>(values[3]),
                       .name = text(values[4]),
                       .route = text(values[5]),
                       .key = text(values[6]),
                       .session = number<Time>(values[7])});
  } else if (kind == "node" && values.size() >= 7) {
    nodes.push_back({.node = text(values[1]),
                     .processes = number<std::uint64_t>(values[2]),
                     .renewed = number<Time>(values[3]),
                     .left = number<Time>(values[4]),
                     .keys = number<std::uint64_t>(values[5]),
                     .sockets = number<std::uint64_t>(values[6])});
  } else if (kind == "online" && values.size() >= 3) {
    reported = true;
    keys = number<std::uint64_t>(values[1]);
    sockets = number<std::uint64_t>(values[2]);
  }
}

void take_found(std::span<const char* const> values, std::vector<FoundSession>& found) {
  if (values.size() < 9 || text(values[0]) != "session") return;
  found.push_back({.name = text(values[1]),
                   .route = text(values[2]),
                   .key = text(values[3]),
                   .joined = number<Time>(values[4]),
                   .ended = number<Time>(values[5]),
                   .sockets = number<std::uint64_t>(values[6]),
                   .most = number<std::uint64_t>(values[7]),
                   .bytes = number<std::uint64_t>(values[8])});
}

std::string search_text(std::string_view beginning, std::uint64_t most) {
  BatchText::Parts parts;
  parts.writer.StartObject();
  parts.key("text");
  parts.text(base::printable_utf8(beginning));
  parts.number("most", static_cast<std::int64_t>(most));
  parts.writer.EndObject();
  return parts.buffer.GetString();
}

}  // namespace wsflow::presence
