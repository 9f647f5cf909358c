package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// departure is one dial from one of the addresses. Go's dialer looks up the name and
// races the families; for each socket that it makes, it asks where from.
type departure struct {
	*sources
	from []netip.Addr

	mu    sync.Mutex
	legs  map[netip.AddrPort]*leg
	alien []netip.Addr // are not of this machine
}

// leg is the way to one of the server's addresses.
type leg struct {
	left    []netip.Addr // still to be tried
	last    netip.Addr   // what a socket was bound to; none: nothing yet
	crowded bool         // some had no port left
}

// dial makes a connection. An address without a port left is no reason to give up
// while there is another one.
func (s *sources) dial(ctx context.Context, from []netip.Addr, addr string) (net.Conn, error) {
	d := &departure{sources: s, from: from, legs: map[netip.AddrPort]*leg{}}
	dialer := net.Dialer{ControlContext: d.bind}
	for {
		conn, err := dialer.DialContext(ctx, d.network(), addr)
		if err == nil {
			return conn, nil
		}
		if !d.again(err) {
			return nil, d.explain(err)
		}
	}
}

// network keeps the lookup to the one family that can be dialled from.
func (d *departure) network() string {
	switch four, six := families(d.from); {
	case six == 0:
		return "tcp4"
	case four == 0:
		return "tcp6"
	}
	return "tcp"
}

// bind binds a new socket to an address of its family.
func (d *departure) bind(_ context.Context, _, address string, raw syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.legs[to]
	if l == nil {
		l = &leg{left: d.order(d.from, to, time.Now())}
		d.legs[to] = l
	}
	if l.last.IsValid() { // package net tries again by itself when there was no port
		d.crowd(to, l)
	}
	for len(l.left) > 0 {
		l.last, l.left = l.left[0], l.left[1:]
		var failed error
		if err := raw.Control(func(fd uintptr) { failed = bindTo(int(fd), l.last) }); err != nil {
			return err
		}
		switch {
		case errors.Is(failed, syscall.EADDRNOTAVAIL):
			d.alien = append(d.alien, l.last)
		case errors.Is(failed, syscall.EADDRINUSE): // the system chose the port now, and found none
			l.crowded = true
		default:
			return failed
		}
		d.spend(l.last, to, time.Now())
	}
	return d.none(to, l)
}

// crowd notes that the address that was tried last had no port left.
func (d *departure) crowd(to netip.AddrPort, l *leg) {
	d.spend(l.last, to, time.Now())
	l.crowded, l.last = true, netip.Addr{}
}

// none is the error of a destination for which no address is left.
func (d *departure) none(to netip.AddrPort, l *leg) error {
	switch {
	case l.crowded:
		return shortage{messages.ReasonLocalPortsExhausted, "no port is left at any of the local addresses " + list(d.from)}
	case len(d.alien) > 0:
		return shortage{messages.ReasonLocalAddress, "the local addresses " + list(d.alien) + " are not of this machine; check LocalAddrs"}
	}
	return shortage{messages.ReasonLocalAddress, fmt.Sprintf("none of the local addresses %s is of the family of %s; add one to LocalAddrs", list(d.from), to.Addr())}
}

// again reports whether a dial ended because there was no port left at the address that
// was tried last, and another one is left to try. The server's other addresses begin anew.
func (d *departure) again(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || !errors.Is(err, syscall.EADDRNOTAVAIL) && !errors.Is(err, syscall.EADDRINUSE) {
		return false
	}
	remote, ok := op.Addr.(*net.TCPAddr)
	if !ok {
		return false
	}
	to := remote.AddrPort()
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.legs[to]
	if l == nil || !l.last.IsValid() {
		return false
	}
	d.crowd(to, l)
	d.legs = map[netip.AddrPort]*leg{to: l}
	return len(l.left) > 0
}

// explain says what was wrong when the dialer found nothing to dial, or nothing to dial
// from.
func (d *departure) explain(err error) error {
	if errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EADDRINUSE) {
		return d.none(netip.AddrPort{}, &leg{crowded: true})
	}
	if mismatch, ok := errors.AsType[*net.AddrError](err); ok {
		return shortage{messages.ReasonLocalAddress, fmt.Sprintf("none of the local addresses %s is of a family that %s has; add one to LocalAddrs", list(d.from), mismatch.Addr)}
	}
	return err
}

// shortage is an error with a code of its own.
type shortage struct {
	code  messages.Code
	words string
}

// Error implements error.
func (s shortage) Error() string { return s.words }

// Unwrap lets reasons be found.
func (s shortage) Unwrap() error { return s.code }

func list(addrs []netip.Addr) string {
	var words []string
	for _, a := range addrs {
		words = append(words, a.String())
	}
	slices.Sort(words)
	return strings.Join(slices.Compact(words), ", ")
}
