modules_enabled = { "roster", "saslauth", "tls", "disco", "ping", "websocket" }
consider_websocket_secure = true
http_interfaces = { "127.0.0.1" }
http_ports = { 5280 }
https_ports = { }
VirtualHost "example.com"
