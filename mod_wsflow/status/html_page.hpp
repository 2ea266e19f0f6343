#pragma once

namespace wsflow::status {

// The style and the script of the page. The page works without the script.
extern const char kPageStyle[];
extern const char kPageScript[];

}  // namespace wsflow::status
