#include "mod_wsflow/httpd/origin/backend.hpp"

namespace wsflow::httpd {

proxy_conn_rec* make_backend(proxy_worker* worker, apr_pool_t* parent) noexcept {
  apr_pool_t* pool = nullptr;
  const auto status = parent != nullptr ? apr_pool_create(&pool, parent)
                                        : apr_pool_create_unmanaged_ex(&pool, nullptr, nullptr);
  if (status != APR_SUCCESS) return nullptr;
  apr_pool_tag(pool, "wsflow_backend");
  auto* backend = static_cast<proxy_conn_rec*>(apr_pcalloc(pool, sizeof(proxy_conn_rec)));
  backend->pool = pool;
  backend->worker = worker;
  backend->close = 1;
  apr_pool_create(&backend->scpool, pool);
  apr_pool_tag(backend->scpool, "wsflow_backend_socket");
  return backend;
}

void free_backend(proxy_conn_rec* backend) noexcept {
  if (backend->r != nullptr) apr_pool_destroy(backend->r->pool);
  apr_pool_destroy(backend->pool);
}

int aim(request_rec* r, proxy_conn_rec* backend, char* url, apr_uri_t& uri, char*& path) noexcept {
  auto* pool = r->pool;
  if (apr_uri_parse(pool, url, &uri) != APR_SUCCESS)
    return ap_proxyerror(r, HTTP_BAD_REQUEST, apr_pstrcat(pool, "URI cannot be parsed: ", url, nullptr));
  if (uri.hostname == nullptr)
    return ap_proxyerror(r, HTTP_BAD_REQUEST, apr_pstrcat(pool, "URI has no hostname: ", url, nullptr));
  if (uri.port == 0) uri.port = ap_proxy_port_of_scheme(uri.scheme);
  path =
      apr_pstrcat(pool, uri.path, uri.query != nullptr ? "?" : "", uri.query != nullptr ? uri.query : "",
                  uri.fragment != nullptr ? "#" : "", uri.fragment != nullptr ? uri.fragment : "", nullptr);
  const char* uds = *backend->worker->s->uds_path != '\0' ? backend->worker->s->uds_path
                                                          : apr_table_get(r->notes, "uds_path");
  backend->uds_path = uds != nullptr ? apr_pstrdup(backend->pool, uds) : nullptr;
  backend->hostname = apr_pstrdup(backend->pool, uri.hostname);
  backend->port = uri.port;
  return OK;
}

int check_aim(request_rec* r, proxy_server_conf* conf, proxy_conn_rec* backend,
              const apr_uri_t& uri) noexcept {
  if (ap_proxy_checkproxyblock2(r, conf, uri.hostname, backend->addr) != OK)
    return ap_proxyerror(r, HTTP_FORBIDDEN, "Connect to remote machine blocked");
  if (backend->is_ssl == 0) return OK;
  const auto* dir = static_cast<proxy_dir_conf*>(ap_get_module_config(r->per_dir_config, &proxy_module));
  backend->ssl_hostname =
      apr_pstrdup(backend->scpool, dir->preserve_host != 0 ? r->hostname : backend->hostname);
  return OK;
}

void write_via_port(request_rec* r, char* into, std::size_t size) noexcept {
  const auto port = ap_get_server_port(r);
  into[0] = '\0';
  if (!ap_is_default_port(port, r)) apr_snprintf(into, size, ":%d", port);
}

bool is_usable(proxy_worker* worker, server_rec* server) noexcept {
  if (PROXY_WORKER_IS_USABLE(worker)) return true;
  auto* retry = APR_RETRIEVE_OPTIONAL_FN(ap_proxy_retry_worker);
  if (retry != nullptr) retry("WSFLOW", worker, server);
  return PROXY_WORKER_IS_USABLE(worker);
}

}  // namespace wsflow::httpd
