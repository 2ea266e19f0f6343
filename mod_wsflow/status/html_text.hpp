#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wsflow::status {

// `text`, escaped for HTML text and attribute values.
std::string escape_html(std::string_view text);
// Text from others, which may be no UTF-8: made printable, then escaped for HTML.
std::string html(std::string_view text);
// HTML in pure ASCII, for pages in another encoding; `html` is UTF-8.
std::string ascii_html(std::string_view html);
// `text`, escaped for the query of an address.
std::string escape_url(std::string_view text);

// Numbers as people read them: "1,234,567", "0.25" or "1,234", "1.2 MB", "3 m 20 s" or "12 ms".
std::string grouped(std::uint64_t value);
std::string amount(double value);
std::string byte_size(double bytes);
std::string time_span(double seconds);

}  // namespace wsflow::status
