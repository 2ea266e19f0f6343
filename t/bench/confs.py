"""The configurations of the proxies under test: one worker each, for the paths /ws (origin over ws) and /wss (origin over
wss) on a plain and on a TLS port, and the small file /file.txt for ordinary requests."""

HTTPD = """
ServerRoot {root}
ServerName localhost
PidFile {root}/httpd.pid
DefaultRuntimeDir {root}
ErrorLog {root}/error.log
LogLevel warn
User www-data
Group www-data
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule socache_shmcb_module {modules}/mod_socache_shmcb.so
LoadModule ssl_module {modules}/mod_ssl.so
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_http_module {modules}/mod_proxy_http.so
{load}
StartServers 1
ServerLimit 1
ThreadLimit {threads}
ThreadsPerChild {threads}
MaxRequestWorkers {threads}
MinSpareThreads 1
MaxSpareThreads {spare}
AsyncRequestWorkerFactor 8
Listen 127.0.0.1:{port}
Listen 127.0.0.1:{tls_port}
DocumentRoot {root}/www
SSLProxyEngine on
SSLProxyVerify none
SSLProxyCheckPeerName off
SSLProxyCheckPeerExpire off
{routes}
<VirtualHost 127.0.0.1:{tls_port}>
    SSLEngine on
    SSLCertificateFile {cert}
    SSLCertificateKeyFile {key}
    SSLProxyEngine on
    SSLProxyVerify none
    SSLProxyCheckPeerName off
    SSLProxyCheckPeerExpire off
</VirtualHost>
"""

NGINX = """
daemon off;
pid {root}/nginx.pid;
error_log {root}/error.log warn;
user www-data;
worker_processes 1;
worker_rlimit_nofile 20000;
events {{ worker_connections 19900; }}
http {{
    access_log off;
    client_body_temp_path {root}/body;
    proxy_temp_path {root}/proxy;
    {temporary}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        listen 127.0.0.1:{tls_port} ssl backlog=4096;
        ssl_certificate {cert};
        ssl_certificate_key {key};
        root {root}/www;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection upgrade;
        proxy_read_timeout 1h;
        {buffers}
        location /ws  {{ proxy_pass http://127.0.0.1:{origin}/; }}
        location /wss {{ proxy_pass https://127.0.0.1:{tls_origin}/; }}
    }}
}}
"""
# A tunnel has one buffer of proxy_buffer_size for each direction.
NGINX_BULK = "proxy_buffer_size 64k; proxy_buffers 4 64k; proxy_busy_buffers_size 128k;"

HAPROXY = """
global
    nbthread 1
    {global_lines}
defaults
    mode http
    timeout connect 5s
    timeout client 1h
    timeout server 1h
    timeout tunnel 1h
    {default_lines}
frontend both
    bind 127.0.0.1:{port} backlog 4096
    bind 127.0.0.1:{tls_port} ssl crt {pem} backlog 4096
    http-request return status 200 content-type text/plain file {root}/www/file.txt if {{ path /file.txt }}
    use_backend tls if {{ path /wss }}
    default_backend plain
backend plain
    server origin 127.0.0.1:{origin}
backend tls
    server origin 127.0.0.1:{tls_origin} ssl verify none
"""
# Lines of `global` and of `defaults`. Descriptors for pipes are kept apart, so there are fewer for connections.
HAPROXY_PLAIN = ("maxconn 9900", "")
HAPROXY_BULK = ("maxconn 4000\n    maxpipes 1000\n    tune.pipesize 1048576",
                "option splice-auto\n    option splice-request\n    option splice-response")
