package reachability

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"testing"
	"time"

	kernel "github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/supervisor/netlink"
)

// namespace is a network namespace of a test's own: nothing is in it but a
// loopback that is down. It lives on a thread, which ends with it.
type namespace struct {
	t    *testing.T
	jobs chan func()
}

// newNamespace skips the test where there can be none.
func newNamespace(t *testing.T) *namespace {
	t.Helper()
	n := &namespace{t, make(chan func())}
	made := make(chan error)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread() // for ever: the thread cannot go back and ends with this goroutine
		made <- unix.Unshare(unix.CLONE_NEWNET)
		for job := range n.jobs {
			job()
		}
	}()
	t.Cleanup(func() { close(n.jobs); <-ended })
	if err := <-made; err != nil {
		t.Skipf("no network namespace can be made here: %v", err)
	}
	return n
}

// do runs a job inside.
func (n *namespace) do(what string, job func() error) {
	n.t.Helper()
	if err := n.try(job); err != nil {
		n.t.Fatalf("%s: %v", what, err)
	}
}

func (n *namespace) try(job func() error) error {
	result := make(chan error)
	n.jobs <- func() { result <- job() }
	return <-result
}

// thread is the namespace's thread, by which another one finds it.
func (n *namespace) thread() (id int) {
	_ = n.try(func() error { id = unix.Gettid(); return nil })
	return id
}

// network watches the namespace from a thread of its own.
func (n *namespace) network(w netlink.Watcher) supervisor.Network {
	path := fmt.Sprintf("/proc/self/task/%d/ns/net", n.thread())
	return supervisor.NetworkFunc(func(ctx context.Context, tell func(bool)) error {
		result := make(chan error)
		go func() { // the thread ends with it
			runtime.LockOSThread()
			result <- func() error {
				fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
				if err != nil {
					return err
				}
				err = unix.Setns(fd, unix.CLONE_NEWNET)
				_ = unix.Close(fd)
				if err != nil {
					return err
				}
				return w.Watch(ctx, tell)
			}()
		}()
		return <-result
	})
}

// link makes a link that is up, with an address and, at the other end, a peer that
// gives it a carrier.
func (n *namespace) link(name, address string) kernel.Link {
	n.t.Helper()
	link := &kernel.Veth{LinkAttrs: kernel.LinkAttrs{Name: name}, PeerName: peer(name)}
	if err := n.try(func() error { return kernel.LinkAdd(link) }); err != nil {
		n.t.Skipf("no link can be made here: %v", err)
	}
	parsed, err := kernel.ParseAddr(address)
	if err != nil {
		n.t.Fatal(err)
	}
	n.do("an address", func() error { return kernel.AddrAdd(link, parsed) })
	n.up(link)
	n.up(n.peer(link))
	return link
}

func peer(name string) string { return name + "-peer" }

// peer is the other end of a link: while it is down, the link has no carrier.
func (n *namespace) peer(link kernel.Link) (other kernel.Link) {
	n.t.Helper()
	n.do("find the peer", func() (err error) {
		other, err = kernel.LinkByName(peer(link.Attrs().Name))
		return err
	})
	return other
}

func (n *namespace) up(link kernel.Link) {
	n.t.Helper()
	n.do("a link up", func() error { return kernel.LinkSetUp(link) })
}

func (n *namespace) down(link kernel.Link) {
	n.t.Helper()
	n.do("a link down", func() error { return kernel.LinkSetDown(link) })
}

// route makes a route through a link.
func (n *namespace) route(link kernel.Link, prefix string) {
	n.t.Helper()
	_, to, err := net.ParseCIDR(prefix)
	if err != nil {
		n.t.Fatal(err)
	}
	n.do("a route", func() error { return kernel.RouteAdd(&kernel.Route{LinkIndex: link.Attrs().Index, Dst: to}) })
}

// hints is what a watch told.
type hints struct {
	t    *testing.T
	told chan bool
}

// watch watches the namespace until the test ends, and fails it if the watch
// returns anything.
func (n *namespace) watch(w netlink.Watcher) *hints {
	n.t.Helper()
	h := &hints{n.t, make(chan bool, 100)}
	network := n.network(w)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- network.Watch(ctx, func(up bool) { h.told <- up }) }()
	n.t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				n.t.Error(err)
			}
		case <-time.After(10 * time.Second):
			n.t.Error("the watch does not return")
		}
	})
	return h
}

func (h *hints) expect(what string, want bool) {
	h.t.Helper()
	select {
	case got := <-h.told:
		if got != want {
			h.t.Fatalf("%s: told %v", what, got)
		}
	case <-time.After(10 * time.Second):
		h.t.Fatalf("%s: nothing was told", what)
	}
}

// silent fails the test if something was told that nobody expected.
func (h *hints) silent() {
	h.t.Helper()
	select {
	case got := <-h.told:
		h.t.Errorf("told %v once more", got)
	default:
	}
}
