//go:build !linux || goroutines

package transport

import "net"

// newPolled says that there is no poller here.
func newPolled(net.Conn) *conn { return nil }
