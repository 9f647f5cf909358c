//go:build !goroutines

package transport

import "net"

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
		d.c.mu.Lock()
		d.wake()
		d.c.mu.Unlock()
	}
	return n, err
}

// owed is how much TLS wants to write.
func (d *polled) owed() int {
	d.sealing.Lock()
	defer d.sealing.Unlock()
	return len(d.sealed)
}

// errAgain is an error that passes: nothing is here yet.
var errAgain net.Error = again{}

type again struct{}

func (again) Error() string   { return "transport: nothing is here yet" }
func (again) Timeout() bool   { return true }
func (again) Temporary() bool { return true }

// seal keeps what TLS wants to write.
func (d *polled) seal(b []byte) {
	d.sealing.Lock()
	defer d.sealing.Unlock()
	d.sealed = append(d.sealed, b...)
}

// unseal takes what TLS wants to write.
func (d *polled) unseal() []byte {
	d.sealing.Lock()
	defer d.sealing.Unlock()
	b := d.sealed
	d.sealed = nil
	return b
}
