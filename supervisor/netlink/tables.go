package netlink

import "net/netip"

// tables is what the kernel knows about ways out of this machine, as far as it
// matters here.
type tables struct {
	routes []route
	links  map[int]link // by index
}

// route is one route of one of the kernel's tables.
type route struct {
	table  int
	prefix netip.Prefix
	kind   kind
	hops   []int // the links it leads through, without those that the kernel calls dead
	blind  bool  // it leads somewhere, but the kernel did not say through which link
}

// kind is what a route does with a packet.
type kind uint8

const (
	refuses   kind = iota // drops it, with or without a word to the sender
	forwards              // sends it through a link
	delivers              // keeps it on this machine, since it has the address
	intercept             // keeps it on this machine, though it does not have the address
)

type link struct {
	running  bool // it is up and has a carrier
	loopback bool
}

// reach reports whether there is a way to one of the destinations, or, without
// any, a default route.
func (t tables) reach(destinations []netip.Addr) bool {
	for _, destination := range destinations {
		if t.routable(plain(destination)) {
			return true
		}
	}
	if len(destinations) > 0 {
		return false
	}
	for _, r := range t.routes {
		if isDefault(r.prefix) && r.kind == forwards && t.open(r) {
			return true
		}
	}
	return false
}

// isDefault reports whether a prefix is what one calls the default: everything, one
// of the two halves of IPv4 by which VPNs overrule a default route, or what of
// IPv6 is in use.
func isDefault(prefix netip.Prefix) bool {
	if prefix.Addr().Is4() {
		return prefix.Bits() <= 1
	}
	return prefix.Bits() <= 3
}

// routable reports whether, in any table, one of the most specific routes to an
// address is open.
func (t tables) routable(to netip.Addr) bool {
	type choice struct {
		bits int
		open bool
	}
	choices := map[int]choice{} // by table
	for _, r := range t.routes {
		if !r.prefix.Contains(to) {
			continue
		}
		best, known := choices[r.table]
		switch bits := r.prefix.Bits(); {
		case !known || bits > best.bits:
			choices[r.table] = choice{bits, t.open(r)}
		case bits == best.bits:
			choices[r.table] = choice{bits, best.open || t.open(r)}
		}
	}
	for _, c := range choices {
		if c.open {
			return true
		}
	}
	return false
}

// open reports whether a packet gets through a route. The links are read after
// the routes: one that is not there any more was taken away.
func (t tables) open(r route) bool {
	if r.kind == refuses || r.kind == intercept {
		return false
	}
	for _, hop := range r.hops {
		if l := t.links[hop]; l.running && (!l.loopback || r.kind == delivers) {
			return true
		}
	}
	return r.blind
}
