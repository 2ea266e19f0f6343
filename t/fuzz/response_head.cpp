// find_head_end, unfold and parse_response_head on any bytes: the end is found in whatever chunks they
// arrive, unfold leaves a head without folded lines unchanged, and the parsed parts lie in the buffer, have
// no control characters, and are equal after writing and parsing again. Input: chunk size - 1, then the
// origin's bytes.
#include "mod_wsflow/ws/response_head.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "mod_wsflow/ws/field_syntax.hpp"
#include "t/fuzz/require.hpp"

using namespace wsflow::ws;
using wsflow::fuzz::require;

namespace {

std::size_t find_in_chunks(std::string_view buffer, std::size_t chunk) {
  for (std::size_t searched = 0; searched < buffer.size();) {
    const std::size_t arrived = std::min(searched + chunk, buffer.size());
    const std::size_t end = find_head_end(buffer.substr(0, arrived), searched);
    if (end != std::string_view::npos) return end;
    searched = arrived;
  }
  return std::string_view::npos;
}

bool lies_in(std::string_view view, std::string_view buffer) {
  const std::less_equal<const char*> before;
  return before(buffer.data(), view.data()) &&
         before(view.data() + view.size(), buffer.data() + buffer.size());
}

bool is_clean(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto value = static_cast<unsigned char>(c);
    return (value < 0x20 && c != '\t') || value == 0x7F;
  });
}

std::string written(const ResponseHead& head) {
  std::string out = "HTTP/1." + std::to_string(head.minor) + " " + std::string(head.status_text) + "\r\n";
  for (const HeadField& field : head.fields) {
    out += std::string(field.name) + ": " + std::string(field.value) + "\r\n";
  }
  return out + "\r\n";
}

void check_parsed(const ResponseHead& head, std::string_view buffer) {
  require(head.minor >= 0 && head.minor <= 9);
  require(head.status >= 100 && head.status <= 599);
  require(head.status_text.starts_with(std::to_string(head.status)));
  require(lies_in(head.status_text, buffer) && is_clean(head.status_text));
  require(head.fields.size() <= kMaxHeadFields);
  for (const HeadField& field : head.fields) {
    require(is_token(field.name) && lies_in(field.name, buffer));
    require(is_clean(field.value) && lies_in(field.value, buffer));
    require(trim_ows(field.value) == field.value);
  }

  const std::string again = written(head);
  ResponseHead reread;
  require(find_head_end(again, 0) == again.size());
  require(parse_response_head(again, reread) == HeadError::none);
  require(written(reread) == again);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string text(data + 1, data + size);
  const std::string_view buffer = text;
  const std::size_t end = find_head_end(buffer, 0);
  require(find_in_chunks(buffer, data[0] + std::size_t{1}) == end);
  require(find_in_chunks(buffer, 1) == end);

  ResponseHead head;
  if (end == std::string_view::npos) {
    require(parse_response_head(buffer, head) != HeadError::none);
    return 0;
  }
  require(end <= buffer.size() && buffer[end - 1] == '\n');
  const bool sound = parse_response_head(buffer.substr(0, end), head) == HeadError::none;
  std::string mended(buffer.substr(0, end));
  unfold(mended);
  require(!sound || mended == buffer.substr(0, end));
  require(find_head_end(mended, 0) == end);
  std::string again = mended;
  unfold(again);
  require(again == mended);
  if (parse_response_head(mended, head) == HeadError::none) check_parsed(head, mended);
  if (end < buffer.size()) require(parse_response_head(buffer, head) != HeadError::none);
  return 0;
}
