#include "mod_wsflow/httpd/presence/presence.hpp"

#include <utility>

#include "mod_wsflow/httpd/cluster/cluster_thread.hpp"
#include "mod_wsflow/httpd/config/cluster_directive.hpp"
#include "mod_wsflow/httpd/config/presence_directives.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/os/random.hpp"
#include "mod_wsflow/presence/line_sink.hpp"
#include "mod_wsflow/presence/stream_sink.hpp"

namespace wsflow::httpd {

namespace {

// The end of a process waits no longer for its store.
constexpr base::Millis kPatience{1500};
// A keeper is only forked without a thread in SQLite, whose locks it would find locked for ever: the driver
// gives a database that is locked up after 3 s.
constexpr base::Millis kRestPatience{5000};
// A number that every JSON reader keeps.
constexpr std::uint64_t kLargest = (std::uint64_t{1} << 53U) - 1;

std::uint64_t random_number() noexcept {
  return (os::random64() & kLargest) | 1U;
}

// nullptr: what is told waits in the store.
std::unique_ptr<presence::ChangeSink> make_sink(const server_rec* server, const PresenceEventsConfig& events,
                                                const std::string& node) {
  if (events.fd >= 0) return std::make_unique<presence::LineSink>(events.fd, node);
  const auto* cluster = config_of(server).settings.cluster;
  const auto* client = redis_client();
  if (events.target != nullptr || cluster == nullptr || client == nullptr) return nullptr;
  return std::make_unique<presence::StreamSink>(connection_of(*client, *cluster), events.stream,
                                                events.maxlen, node);
}

}  // namespace

Presence::Presence(Process& process, const PresenceStoreConfig& config, const wsflow_presence_store& store,
                   const PresenceEventsConfig* events, std::string node)
    : process_(process),
      setup_{.store = &store,
             .driver = config.driver,
             .parameters = config.parameters,
             .node = std::move(node),
             .process = random_number(),
             .lease = config.lease,
             .keeps_events = events != nullptr},
      registry_({os::random64(), os::random64()}, config.queue) {
  if (events != nullptr) sink_ = make_sink(process.server, *events, setup_.node);
  writer_ = make_writer();
}

std::unique_ptr<presence::StoreWriter> Presence::make_writer() {
  return std::make_unique<presence::StoreWriter>(setup_, registry_, sink_.get(), process_.segment,
                                                 process_.recorder, process_.log);
}

bool Presence::start() {
  process_.slot.presence.process.store(setup_.process);
  return writer_->start();
}

void Presence::stop() noexcept {
  writer_->stop(true, kPatience);
  show();
}

void Presence::rest() noexcept {
  writer_->stop(false, kRestPatience);
  show();
}

bool Presence::owes() const noexcept {
  return writer_->failing() && registry_.counts().waiting != 0;
}

bool Presence::start_in_keeper() {
  // The child's writer is left as it is: its descriptors are gone, and a thread of the child may hang in it.
  const auto* before = writer_.release();
  sink_.reset();  // piped logs end with their generation; a child of the newest tells what the store keeps
  writer_ = make_writer();
  writer_->go_on_from(*before);
  return writer_->start();
}

void Presence::show() noexcept {
  const base::MutexLock lock(mutex_);
  const auto counts = registry_.counts();
  auto& shown = process_.slot.presence;
  shown.keys.store(counts.keys, std::memory_order_relaxed);
  shown.sockets.store(counts.sockets, std::memory_order_relaxed);
  shown.waiting.store(counts.waiting, std::memory_order_relaxed);
  shown.oldest.store(counts.oldest, std::memory_order_relaxed);
  shown.failing.store(writer_->failing() ? 1 : 0, std::memory_order_relaxed);
  process_.recorder.add(metrics::kPresenceJoins, counts.joins - told_.joins);
  process_.recorder.add(metrics::kPresenceLeaves, counts.leaves - told_.leaves);
  told_ = counts;
}

std::unique_ptr<Presence> make_presence(Process& process) noexcept {
  const auto& config = config_of(process.server);
  const auto* store_config = config.settings.presence_store;
  if (store_config == nullptr || config.presence_rules == nullptr) return nullptr;
  const auto* store = store_of(*store_config);
  if (store == nullptr) return nullptr;  // configtest says so
  return guard(process.server, std::unique_ptr<Presence>(), [&] {
    auto made = std::make_unique<Presence>(process, *store_config, *store, config.settings.presence_events,
                                           node_name(process.server));
    if (made->start()) return made;
    ap_log_error(APLOG_MARK, APLOG_CRIT, errno, process.server,
                 WSFLOGNO(0456) "the thread of the presence store cannot start: this child counts nobody");
    return std::unique_ptr<Presence>();
  });
}

}  // namespace wsflow::httpd
