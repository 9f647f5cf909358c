package wstest

import (
	"context"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Network is a network in memory: connections are buffered pipes, names need no
// DNS, and it can be cut and mended. Everything in it that waits is durably
// blocked in the sense of testing/synctest, so that a bubble's clock runs on;
// make it inside the bubble that uses it. All methods may be called from any
// goroutine.
type Network struct {
	mu        sync.Mutex // guards the network and every connection in it
	listeners map[string]*listener
	hosts     map[string]bool // names that exist, listened on or not
	pairs     map[*pair]struct{}
	dials     []Dial
	dialled   int // numbers the clients' addresses
	latency   time.Duration
	cut       bool
	mended    chan struct{} // closed by Mend
	open      census
}

// Dial is one attempt to connect.
type Dial struct {
	At   time.Time
	Addr string // whom the client asked for, or where it came from if a Server tells
	Key  string // what a Server learned from the request; "" before that
}

// NewNetwork makes a network that is whole and has no latency.
func NewNetwork() *Network {
	return &Network{
		listeners: make(map[string]*listener),
		hosts:     make(map[string]bool),
		pairs:     make(map[*pair]struct{}),
		mended:    make(chan struct{}),
	}
}

// Listen makes a listener on a host and port, such as "chat.example:80". From
// then on the host exists, also after the listener was closed. An address
// that is listened on already is EADDRINUSE.
func (n *Network) Listen(addr string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(strings.ToLower(addr))
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: "tcp", Addr: address(addr), Err: err}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	name := net.JoinHostPort(host, port)
	if n.listeners[name] != nil {
		return nil, failure("listen", "bind", syscall.EADDRINUSE, nil, address(name))
	}
	l := &listener{network: n, addr: address(name), changed: sync.NewCond(&n.mu)}
	n.listeners[name] = l
	n.hosts[host] = true
	return l, nil
}

// Dial connects to a listener. It fits a NetDial field. It takes one round
// trip, and while the network is cut it takes until Mend or the end of ctx,
// whose error it then wraps. A name nobody ever listened on is a *net.DNSError,
// one that nobody listens on now a *net.OpError with ECONNREFUSED. The
// connection has the methods Drop and Reset of a [Conn].
func (n *Network) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	n.mu.Lock()
	n.dials = append(n.dials, Dial{At: time.Now(), Addr: addr})
	trip := 2 * n.latency
	n.mu.Unlock()
	gaveUp := func(err error) error {
		return &net.OpError{Op: "dial", Net: network, Addr: address(addr), Err: err}
	}
	host, port, err := net.SplitHostPort(strings.ToLower(addr))
	if err != nil {
		return nil, gaveUp(err)
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, gaveUp(err)
		}
		n.mu.Lock()
		if !n.cut && trip <= 0 {
			defer n.mu.Unlock()
			return n.connect(host, port)
		}
		cut, mended := n.cut, n.mended
		n.mu.Unlock()
		if cut {
			select {
			case <-mended:
			case <-ctx.Done():
			}
			continue
		}
		timer := time.NewTimer(trip)
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
		trip = 0
	}
}

// connect makes the connection. n.mu is held.
func (n *Network) connect(host, port string) (net.Conn, error) {
	if !n.hosts[host] && net.ParseIP(host) == nil {
		notFound := &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: notFound}
	}
	name := net.JoinHostPort(host, port)
	l := n.listeners[name]
	if l == nil {
		return nil, failure("dial", "connect", syscall.ECONNREFUSED, nil, address(name))
	}
	n.dialled++
	client, server := n.newPair(n.dialled, l.addr)
	l.backlog = append(l.backlog, server)
	l.changed.Signal()
	return client, nil
}

// SetLatency sets how long bytes that are written from now on are under way,
// each way.
func (n *Network) SetLatency(latency time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.latency = latency
}

// Cut takes the network down the way a pulled cable does: nobody is told. What
// has arrived can still be read; what is under way or written from now on waits
// for Mend, in buffers that fill up. Dials hang.
func (n *Network) Cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut = true
}

// Mend ends a Cut: everything that waited arrives, in order, endings too.
func (n *Network) Mend() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.cut {
		return
	}
	n.cut = false
	close(n.mended)
	n.mended = make(chan struct{})
	for p := range n.pairs {
		p.settle()
	}
}

// Reset resets every connection, as a middle box that lost its state does: both
// sides read what had arrived, then get ECONNRESET.
func (n *Network) Reset() {
	for _, p := range n.all() {
		p.client.Reset()
	}
}

// Drop ends every connection from the servers' side: clients read what was sent
// to them, then a clean EOF.
func (n *Network) Drop() {
	for _, p := range n.all() {
		p.server.Drop()
	}
}

func (n *Network) all() []*pair {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := make([]*pair, 0, len(n.pairs))
	for p := range n.pairs {
		all = append(all, p)
	}
	return all
}

// Open is the number of connections that clients made and have not closed.
func (n *Network) Open() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	open := 0
	for p := range n.pairs {
		if !p.client.closed {
			open++
		}
	}
	return open
}

// MaxOpen is the most connections that were ever open at once under one of the
// keys, or under any key if none is named. A connection gets its key when a
// [Server] of the network has read its request, and is open until the client
// has closed it: a client that closes one connection before it dials the next
// is never seen with two.
func (n *Network) MaxOpen(keys ...string) int { return n.open.peak(keys) }

// Dials is every call of Dial so far, also those that hang or were refused.
func (n *Network) Dials() []Dial {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]Dial(nil), n.dials...)
}
