#pragma once

#include <span>

#include "mod_wsflow/metrics/catalogue.hpp"
#include "mod_wsflow/status/metrics_document.hpp"
#include "mod_wsflow/status/model.hpp"

namespace wsflow::status {

// The samples of a reading of routes and origins: the first metrics::kOwnSeries labels that were ever used
// each for itself, all others as one. A label keeps its place as long as httpd runs, so no series loses what
// it has counted to another. Of results and Close codes, those that have occurred.
void write_routes(Document& document, metrics::Reading what, std::span<const shm::RouteView> routes);
// Whether mod_proxy uses its workers, as many likewise; the others are 0 if one of them is not used.
void write_workers(Document& document, std::span<const OriginView> origins);

}  // namespace wsflow::status
