#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wsflow::status {

// `text` as it may stand in HTML text and attribute values.
std::string escape_html(std::string_view text);
// The same of what others have sent, which may be no UTF-8.
std::string html(std::string_view text);
// HTML in UTF-8 with nothing but ASCII in it, for pages that are written otherwise.
std::string ascii_html(std::string_view html);
// `text` as it may stand in the query of an address.
std::string escape_url(std::string_view text);

// Numbers as people read them: "1,234,567", "0.25" or "1,234", "1.2 MB", "3 m 20 s" or "12 ms".
std::string grouped(std::uint64_t value);
std::string amount(double value);
std::string byte_size(double bytes);
std::string time_span(double seconds);

}  // namespace wsflow::status
