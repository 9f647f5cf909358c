package main

import (
	"net/http"

	"github.com/seed14814784/holdfast/transport/wstest"
)

// backend is the server of this example: it echoes, and misbehaves on demand.
type backend struct{ *wstest.Server }

func newBackend() backend {
	refusing := wstest.Sequence(wstest.Refuse(http.StatusServiceUnavailable, "Retry-After: 1"), wstest.Echo())
	echo := wstest.Echo()
	return backend{wstest.NewServer(wstest.WithHandler(func(c *wstest.Conn) {
		if c.ReadRequest().URL.Path == "/refused" {
			refusing(c)
			return
		}
		echo(c)
	}))}
}

// drop ends the connections of one channel without a word.
func (b backend) drop(id string) {
	for _, c := range b.Conns("/" + id) {
		c.Drop()
	}
}

// kick ends them as this backend does when another login takes over.
func (b backend) kick(id string) {
	for _, c := range b.Conns("/" + id) {
		c.Kick(4001, "replaced")
	}
}

// away stops listening and ends every connection, as a crash does.
func (b backend) away() {
	b.Down()
	b.Reset()
}

// back listens again, on the same address.
func (b backend) back() error { return b.Up() }
