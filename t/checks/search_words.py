#!/usr/bin/python3
"""Somebody who knows an article about tuning, and searches docs/ for a word of it, finds it."""

import re

import documents
import tree as base

WORDS = """
    KeepAlive KeepAliveTimeout MaxKeepAliveRequests Timeout ProxyTimeout RequestReadTimeout GracefulShutdownTimeout
    ProxyWebsocketIdleTimeout connectiontimeout retry= timeout= flushpackets= disablereuse=
    MaxRequestWorkers MaxClients ServerLimit ThreadLimit ThreadsPerChild StartServers MinSpareThreads MaxSpareThreads
    AsyncRequestWorkerFactor MaxConnectionsPerChild ListenBacklog mpm_event mpm_worker mpm_prefork
    ProxyReceiveBufferSize ProxySendBufferSize ProxyIOBufferSize SendBufferSize ReceiveBufferSize SO_SNDBUF SO_RCVBUF
    mod_proxy_wstunnel mod_proxy_http mod_rewrite mod_reqtimeout mod_evasive mod_qos mod_remoteip mod_http2
    ProxyPass ProxyPassReverse ProxyPreserveHost RewriteRule RewriteCond upgrade=websocket stickysession ROUTEID
    X-Forwarded-For X-Forwarded-Proto Sec-WebSocket-Accept Sec-WebSocket-Protocol permessage-deflate
    AH00484 AH00485 AH00957 AH01114 AH01146 AH03490 AH00513 AH00515 AH02039
    ETIMEDOUT ECONNRESET ECONNREFUSED EMFILE 1006 1009 1012 400 403 404 426 502 503 504
    SemaphoreValve max= acquire= smax= Retry-After limit_conn limit_req proxy_read_timeout least_conn
    leastconn maxconn nofile LimitNOFILE somaxconn ip_local_port_range tcp_rmem tcp_wmem TIME_WAIT
    SSLSessionCache SSLProxyEngine SSLProxyVerify SSLProxyCheckPeerName setsebool httpd_can_network_connect
    curl wscat Artillery ab socket.io nginx HAProxy Tomcat PHP-FPM prefork AWS acquireTimeoutMillis
""".split()


def check(tree, _):
    text = "\n".join(tree.text(name) for name in documents.pages(tree))
    # A word, not a part of another one.
    return [f"nobody who searches for {word} finds it in docs/" for word in WORDS
            if not re.search(rf"(?<![\w-]){re.escape(word)}(?![a-z])", text)]


base.run(check)
