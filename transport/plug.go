package transport

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// plug is what TLS is plugged into: the socket itself at first, and then, if the
// poller takes the socket over, the poller's driver.
type plug struct {
	net.Conn
	up     bool        // the handshake is over
	blocks bool        // there may be another one, which has to wait for the peer
	driver interface { // nil: the socket itself
		receive(b []byte) (int, error)
		seal(b []byte)
	}
}

// errCut is the end of a stream that TLS has not ended before: crypto/tls does not tell
// it from the other between two records.
var errCut = fmt.Errorf("no close-notify came: %w", io.ErrUnexpectedEOF)

// Read reads from the socket. An error of the driver that it would block is a passing
// one, after which TLS goes on where it was.
func (p *plug) Read(b []byte) (n int, err error) {
	if p.driver == nil {
		n, err = p.Conn.Read(b)
	} else {
		n, err = p.driver.receive(b)
	}
	if p.up && errors.Is(err, io.EOF) {
		err = errCut
	}
	return n, err
}

// Write writes to the socket, or has the driver keep what is to be written: TLS
// forgives no write that fails.
func (p *plug) Write(b []byte) (int, error) {
	if p.driver == nil {
		return p.Conn.Write(b)
	}
	p.driver.seal(b)
	return len(b), nil
}

// SetWriteDeadline is for the socket itself: the driver has bounds of its own.
func (p *plug) SetWriteDeadline(at time.Time) error {
	if p.driver == nil {
		return p.Conn.SetWriteDeadline(at)
	}
	return nil
}
