#pragma once

namespace wsflow::httpd {

// AsyncRequestWorkerFactor of the event MPM, which tells nobody of it; httpd's default where no line sets it.
// Parent, while the configuration as read exists (lines/config_tree).
double async_factor() noexcept;

}  // namespace wsflow::httpd
