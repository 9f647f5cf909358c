package wstest

import (
	"net"
	"sync"
)

// address is a host and port of a Network.
type address string

func (address) Network() string  { return "tcp" }
func (a address) String() string { return string(a) }

// listener queues connections as a kernel's backlog does: a dial succeeds
// before anybody accepts it.
type listener struct {
	network *Network
	addr    address
	changed *sync.Cond
	backlog []*end
	closed  bool
}

func (l *listener) Addr() net.Addr { return l.addr }

func (l *listener) Accept() (net.Conn, error) {
	l.network.mu.Lock()
	defer l.network.mu.Unlock()
	for len(l.backlog) == 0 && !l.closed {
		l.changed.Wait()
	}
	if l.closed {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.addr, Err: net.ErrClosed}
	}
	next := l.backlog[0]
	l.backlog = l.backlog[1:]
	return next, nil
}

// Close makes dials refused and resets what nobody has accepted.
func (l *listener) Close() error {
	l.network.mu.Lock()
	defer l.network.mu.Unlock()
	if l.closed {
		return &net.OpError{Op: "close", Net: "tcp", Addr: l.addr, Err: net.ErrClosed}
	}
	l.closed = true
	delete(l.network.listeners, string(l.addr))
	for _, e := range l.backlog {
		e.pair.reset()
		e.close()
	}
	l.backlog = nil
	l.changed.Broadcast()
	return nil
}
