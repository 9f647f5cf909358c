package transport

import (
	"net/netip"
	"slices"
	"sync"
	"time"
)

// sources shares out the local addresses that connections come from. Ports belong
// to a pair of addresses, so each destination has its own turns: they go round, and
// an address without a port left there is not tried for a while unless all are so.
type sources struct {
	mu    sync.Mutex
	turns map[netip.AddrPort]*turns
	begun int // so that destinations with one connection each do not share an address
}

// turns are those of one destination.
type turns struct {
	next  int
	spent map[netip.Addr]time.Time // until when an address is tried last
}

const (
	spentPause = time.Second // what is spent is seldom so for less
	maxTurns   = 1024        // destinations that are remembered
)

// order is the order in which addresses are to be tried for a destination.
func (s *sources) order(from []netip.Addr, to netip.AddrPort, now time.Time) []netip.Addr {
	fit := slices.DeleteFunc(slices.Clone(from), func(a netip.Addr) bool { return a.Unmap().Is4() != to.Addr().Is4() })
	if len(fit) == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.of(to)
	at := t.next % len(fit)
	t.next = at + 1
	fit = slices.Concat(fit[at:], fit[:at])
	slices.SortStableFunc(fit, func(a, b netip.Addr) int { return t.until(a, now).Compare(t.until(b, now)) })
	return fit
}

// of finds the turns of a destination, or begins them. It is called with the lock
// held.
func (s *sources) of(to netip.AddrPort) *turns {
	t := s.turns[to]
	if t != nil {
		return t
	}
	if s.turns == nil || len(s.turns) >= maxTurns {
		s.turns = map[netip.AddrPort]*turns{}
	}
	t = &turns{next: s.begun, spent: map[netip.Addr]time.Time{}}
	s.begun++
	s.turns[to] = t
	return t
}

// until is when an address may be tried again; what is over counts as never.
func (t *turns) until(a netip.Addr, now time.Time) time.Time {
	if until := t.spent[a]; until.After(now) {
		return until
	}
	return time.Time{}
}

// spend notes that an address had no port for a destination.
func (s *sources) spend(a netip.Addr, to netip.AddrPort, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of(to).spent[a] = now.Add(spentPause)
}

// families counts the addresses of IPv4 and of IPv6.
func families(from []netip.Addr) (four, six int) {
	for _, a := range from {
		if a.Unmap().Is4() {
			four++
		}
	}
	return four, len(from) - four
}

// fewest is how many local addresses a connection can come from, whatever its family.
func fewest(from []netip.Addr) int {
	switch four, six := families(from); {
	case len(from) == 0:
		return 1
	case four == 0:
		return six
	case six == 0:
		return four
	default:
		return min(four, six)
	}
}

// checkSources says which local addresses cannot be dialled from. Whether they are of
// this machine shows when they are.
func checkSources(op string, from []netip.Addr, dialled bool) (errs []error) {
	if len(from) == 0 {
		return nil
	}
	if dialled {
		errs = append(errs, invalid(op, "LocalAddrs is for the dialer's own connections; with NetDial, choose the local address there"))
	}
	if !canBind {
		errs = append(errs, invalid(op, "LocalAddrs needs a Unix system"))
	}
	seen := map[netip.Addr]bool{}
	for _, a := range from {
		switch plain := a.Unmap(); {
		case !a.IsValid():
			errs = append(errs, invalid(op, "LocalAddrs has an address that is none; use netip.ParseAddr"))
		case a.IsUnspecified(), a.IsMulticast(), plain == broadcast:
			errs = append(errs, invalid(op, "the local address %s is not one that a connection can come from", a))
		case seen[plain]:
			errs = append(errs, invalid(op, "the local address %s is there twice", a))
		default:
			seen[plain] = true
		}
	}
	return errs
}

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})
