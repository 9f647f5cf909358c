package reachability

import (
	"context"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	kernel "github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/supervisor/netlink"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// quick does not wait long for a table to settle.
var quick = netlink.Watcher{Settle: 10 * time.Millisecond}

func TestAWatchOfThisMachineTellsItsStateAndLeavesNothing(t *testing.T) {
	watch := func() {
		ctx, cancel := context.WithCancel(t.Context())
		told, ended := make(chan bool, 1), make(chan error, 1)
		go func() { ended <- quick.Watch(ctx, func(up bool) { told <- up }) }()
		select {
		case <-told: // whatever it is here
		case err := <-ended:
			t.Fatal(err)
		case <-time.After(10 * time.Second):
			t.Fatal("nothing was told")
		}
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("the watch does not return, though nothing changes")
		}
	}
	watch() // from here on the runtime has its poller
	before := descriptors(t)
	for range 20 {
		watch()
	}
	if after := descriptors(t); after > before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skipf("descriptors cannot be counted: %v", err)
	}
	return len(list)
}

func TestRoutesAndLinksComeAndGo(t *testing.T) {
	n := newNamespace(t)
	h := n.watch(quick)
	h.expect("an empty namespace", false)
	eth := n.link("eth", "192.0.2.2/24")
	n.route(eth, "0.0.0.0/0")
	h.expect("a default route", true)
	n.down(eth) // IPv4 routes vanish with it, and the kernel says nothing about them
	h.expect("the link is down", false)
	n.up(eth)
	n.route(eth, "0.0.0.0/0")
	h.expect("the link and its route are back", true)
	n.down(n.peer(eth)) // somebody pulls the plug; the route stays where it is
	h.expect("no carrier", false)
	wlan := n.link("wlan", "198.51.100.2/24")
	n.route(wlan, "0.0.0.0/1")
	h.expect("half of a default route through another link", true)
	n.do("remove a link", func() error { return kernel.LinkDel(eth) })
	n.do("remove the other", func() error { return kernel.LinkDel(wlan) })
	h.expect("no link is left", false)
	h.silent()
}

func TestIPv6AloneIsANetwork(t *testing.T) {
	if _, err := os.Stat("/proc/sys/net/ipv6"); err != nil {
		t.Skip("this machine has no IPv6")
	}
	n := newNamespace(t)
	eth := n.link("eth", "2001:db8::2/64")
	h := n.watch(quick)
	h.expect("a link", false)
	n.route(eth, "::/0")
	h.expect("a default route", true)
	n.down(eth)
	h.expect("the link is down", false)
	h.silent()
}

func TestARouteVanishesWithItsAddress(t *testing.T) {
	n := newNamespace(t)
	h := n.watch(netlink.Watcher{Destinations: []netip.Addr{netip.MustParseAddr("192.0.2.77")}, Settle: quick.Settle})
	h.expect("an empty namespace", false)
	eth := n.link("eth", "192.0.2.2/24")
	h.expect("a neighbour", true)
	address, err := kernel.ParseAddr("192.0.2.2/24")
	if err != nil {
		t.Fatal(err)
	}
	n.do("remove the address", func() error { return kernel.AddrDel(eth, address) })
	h.expect("no address", false)
	n.route(eth, "192.0.2.0/25")
	h.expect("a route by hand", true)
	n.do("a blackhole", func() error {
		_, to, err := net.ParseCIDR("192.0.2.64/26")
		if err != nil {
			return err
		}
		return kernel.RouteAdd(&kernel.Route{Dst: to, Type: unix.RTN_BLACKHOLE})
	})
	h.expect("a blackhole", false)
	h.silent()
}

// More changes than a socket can hold, while nobody reads.
func TestAnOverrunIsAChangeLikeAnyOther(t *testing.T) {
	n := newNamespace(t)
	h := n.watch(quick)
	h.expect("an empty namespace", false)
	eth := n.link("eth", "192.0.2.2/24")
	address, err := kernel.ParseAddr("198.51.100.2/24")
	if err != nil {
		t.Fatal(err)
	}
	n.do("many changes", func() error {
		for range 3000 {
			if err := kernel.AddrAdd(eth, address); err != nil {
				return err
			}
			if err := kernel.AddrDel(eth, address); err != nil {
				return err
			}
		}
		return nil
	})
	n.route(eth, "0.0.0.0/0")
	h.expect("a default route after all of it", true)
	h.silent()
}

func TestAFleetIsHeldByItsKernel(t *testing.T) {
	n := newNamespace(t)
	server := wstest.NewServer() // on the machine's own loopback, which is another matter
	defer server.Close()
	fleet, err := supervisor.New(supervisor.WithNetwork(n.network(quick)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	defer func() {
		if err := fleet.Close(ctx); err != nil {
			t.Error(err)
		}
	}()
	server.Down()
	ch, err := fleet.Open(ctx, supervisor.Spec{ID: "a", Address: transport.Static(server.URL), Handler: supervisor.Discard})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ch.Wait(ctx, messages.Held); err != nil {
		t.Fatal(err)
	}
	if err := server.Up(); err != nil {
		t.Fatal(err)
	}
	n.route(n.link("eth", "192.0.2.2/24"), "0.0.0.0/0")
	if _, err := ch.Wait(ctx, messages.Ready); err != nil {
		t.Fatal(err)
	}
}
