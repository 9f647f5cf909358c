//go:build !goroutines

package transport

import (
	"crypto/tls"
	"net"
	"sync"
)

// sealed is a TLS connection, and what it wants to write. It may answer the peer while
// it reads, without the locks of writing.
type sealed struct {
	*tls.Conn

	mu    sync.Mutex
	bytes []byte // that the system has not taken yet
}

// read reads plain bytes. TLS may have something to answer.
func (d *polled) read(b []byte) (int, error) {
	if d.secure == nil {
		return d.receive(b)
	}
	if d.owed() > maxOwed { // a peer that asks and does not listen is not heard either
		return 0, errAgain // until there is room to answer
	}
	n, err := d.secure.Read(b)
	if d.owed() > 0 {
		d.conn.mu.Lock()
		d.wake()
		d.conn.mu.Unlock()
	}
	return n, err
}

// owed is how much TLS wants to write.
func (d *polled) owed() int {
	d.secure.mu.Lock()
	defer d.secure.mu.Unlock()
	return len(d.secure.bytes)
}

// errAgain is an error that passes: nothing is here yet.
var errAgain net.Error = again{}

type again struct{}

func (again) Error() string   { return "transport: nothing is here yet" }
func (again) Timeout() bool   { return true }
func (again) Temporary() bool { return true }

// seal keeps what TLS wants to write.
func (d *polled) seal(b []byte) {
	d.secure.mu.Lock()
	defer d.secure.mu.Unlock()
	d.secure.bytes = append(d.secure.bytes, b...)
}

// unseal takes what TLS wants to write.
func (d *polled) unseal() []byte {
	d.secure.mu.Lock()
	defer d.secure.mu.Unlock()
	b := d.secure.bytes
	d.secure.bytes = nil
	return b
}
