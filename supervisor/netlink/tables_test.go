package netlink

import (
	"net/netip"
	"testing"
)

// The links of the tests.
const (
	lo = iota + 1
	eth0
	eth1
	unplugged
	removed // is in no table of links
)

var wires = map[int]link{lo: {running: true, loopback: true}, eth0: {running: true}, eth1: {running: true}, unplugged: {}}

// The tables of the tests.
const (
	mine      = 100
	mainTable = 254
	local     = 255
)

func via(table int, prefix string, hops ...int) route {
	return route{table: table, prefix: netip.MustParsePrefix(prefix), kind: forwards, hops: hops}
}

func (r route) of(k kind) route { r.kind = k; return r }

func TestReach(t *testing.T) {
	blind := via(mainTable, "0.0.0.0/0")
	blind.blind = true
	for sentence, c := range map[string]struct {
		routes []route
		want   bool
	}{
		"no routes":                                     {nil, false},
		"a default route":                               {[]route{via(mainTable, "0.0.0.0/0", eth0)}, true},
		"a default route of IPv6 alone":                 {[]route{via(mainTable, "::/0", eth0)}, true},
		"only the network of the link":                  {[]route{via(mainTable, "192.0.2.0/24", eth0)}, false},
		"the link has no carrier":                       {[]route{via(mainTable, "0.0.0.0/0", unplugged)}, false},
		"one of two links has a carrier":                {[]route{via(mainTable, "0.0.0.0/0", unplugged), via(mainTable, "0.0.0.0/0", eth1)}, true},
		"one of two hops has a carrier":                 {[]route{via(mainTable, "0.0.0.0/0", unplugged, eth1)}, true},
		"the link was removed meanwhile":                {[]route{via(mainTable, "0.0.0.0/0", removed)}, false},
		"all hops are dead":                             {[]route{via(mainTable, "0.0.0.0/0")}, false},
		"a link that is not named":                      {[]route{blind}, true},
		"through the loopback":                          {[]route{via(mainTable, "0.0.0.0/0", lo)}, false},
		"an unreachable default, as IPv6 has":           {[]route{via(mainTable, "::/0", lo).of(refuses)}, false},
		"and one of IPv4 that works":                    {[]route{via(mainTable, "::/0", lo).of(refuses), via(mainTable, "0.0.0.0/0", eth0)}, true},
		"a blackhole through a link":                    {[]route{via(mainTable, "0.0.0.0/0", eth0).of(refuses)}, false},
		"a table that rules lead to":                    {[]route{via(mine, "0.0.0.0/0", eth0)}, true},
		"the table of a transparent proxy":              {[]route{via(mine, "0.0.0.0/0", lo).of(intercept)}, false},
		"the halves of a VPN":                           {[]route{via(mainTable, "0.0.0.0/1", eth1), via(mainTable, "128.0.0.0/1", eth1)}, true},
		"what of IPv6 is in use":                        {[]route{via(mainTable, "2000::/3", eth0)}, true},
		"a quarter of IPv4":                             {[]route{via(mainTable, "0.0.0.0/2", eth0)}, false},
		"addresses of IPv6 that are given without help": {[]route{via(mainTable, "fe80::/64", eth0), via(local, "::1/128", lo).of(delivers)}, false},
	} {
		if got := (tables{c.routes, wires}).reach(nil); got != c.want {
			t.Errorf("%s: %v", sentence, got)
		}
	}
}

func TestReachOfDestinations(t *testing.T) {
	anywhere := via(mainTable, "0.0.0.0/0", eth0)
	for sentence, c := range map[string]struct {
		to     string
		routes []route
		want   bool
	}{
		"no routes":                                      {"10.1.2.3", nil, false},
		"by the default route":                           {"10.1.2.3", []route{anywhere}, true},
		"without a default route":                        {"10.1.2.3", []route{via(mainTable, "10.0.0.0/8", eth0)}, true},
		"only others are routable":                       {"10.1.2.3", []route{via(mainTable, "192.0.2.0/24", eth0)}, false},
		"the most specific route has no carrier":         {"10.1.2.3", []route{anywhere, via(mainTable, "10.0.0.0/8", unplugged)}, false},
		"whatever the order":                             {"10.1.2.3", []route{via(mainTable, "10.0.0.0/8", unplugged), anywhere}, false},
		"an equally specific one has":                    {"10.1.2.3", []route{via(mainTable, "10.0.0.0/8", unplugged), via(mainTable, "10.0.0.0/8", eth1)}, true},
		"it is refused":                                  {"10.1.2.3", []route{anywhere, via(mainTable, "10.1.2.0/24").of(refuses)}, false},
		"others are refused":                             {"10.1.2.3", []route{anywhere, via(mainTable, "10.1.3.0/24").of(refuses)}, true},
		"refused by one table, not by another":           {"10.1.2.3", []route{via(mainTable, "10.0.0.0/8").of(refuses), via(mine, "0.0.0.0/0", eth0)}, true},
		"the address is this machine's":                  {"10.1.2.3", []route{via(local, "10.1.2.3/32", eth0).of(delivers)}, true},
		"the loopback is":                                {"127.0.0.1", []route{via(local, "127.0.0.0/8", lo).of(delivers)}, true},
		"a proxy would take it":                          {"10.1.2.3", []route{via(mine, "0.0.0.0/0", lo).of(intercept)}, false},
		"an IPv4 address in the form of IPv6":            {"::ffff:10.1.2.3", []route{anywhere}, true},
		"an IPv6 address, and the default is of IPv4":    {"2001:db8::1", []route{anywhere}, false},
		"an IPv6 address with a zone":                    {"fe80::1%eth0", []route{via(mainTable, "fe80::/64", eth0)}, true},
		"the default is of IPv6, and the address is too": {"2001:db8::1", []route{via(mainTable, "::/0", eth0)}, true},
	} {
		to := netip.MustParseAddr(c.to)
		if got := (tables{c.routes, wires}).reach([]netip.Addr{to}); got != c.want {
			t.Errorf("%s: %v", sentence, got)
		}
		w := Watcher{Destinations: []netip.Addr{to}}
		var asked []route // what the kernel's million routes would be reduced to
		for _, r := range c.routes {
			if w.wanted(r.prefix) {
				asked = append(asked, r)
			}
		}
		if got := (tables{asked, wires}).reach(w.Destinations); got != c.want {
			t.Errorf("%s, of the wanted routes: %v", sentence, got)
		}
	}
}

func TestOneOfSeveralDestinationsWillDo(t *testing.T) {
	both := []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("2001:db8::1")}
	for sentence, c := range map[string]struct {
		routes []route
		want   bool
	}{
		"none":       {[]route{via(mainTable, "192.0.2.0/24", eth0)}, false},
		"the first":  {[]route{via(mainTable, "10.0.0.0/8", eth0)}, true},
		"the second": {[]route{via(mainTable, "10.0.0.0/8", unplugged), via(mainTable, "2001:db8::/32", eth0)}, true},
	} {
		if got := (tables{c.routes, wires}).reach(both); got != c.want {
			t.Errorf("%s: %v", sentence, got)
		}
	}
}
