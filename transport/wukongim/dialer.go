package wukongim

import "github.com/seed14814784/holdfast/transport"

// Dialer dials whatever a server of WuKongIM is reached through: tcp, tls, ws and wss.
// For TLS and proxies of its own a program makes a transport.Schemes itself.
func Dialer() transport.Schemes {
	web, stream := new(transport.WebSocket), new(transport.TCP)
	return transport.Schemes{"ws": web, "wss": web, "tcp": stream, "tls": stream}
}
