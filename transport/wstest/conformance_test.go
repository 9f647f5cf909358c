package wstest

import (
	"net"
	"testing"

	"golang.org/x/net/nettest"
)

func TestConnectionsOfANetworkAreConnections(t *testing.T) {
	nettest.TestConn(t, func() (client, server net.Conn, stop func(), err error) {
		client, server = plug(t, NewNetwork())
		return client, server, func() { _ = client.Close(); _ = server.Close() }, nil
	})
}
