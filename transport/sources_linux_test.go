package transport

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"

	"github.com/seed14814784/holdfast/messages"
)

// mute is a server that accepts connections and says nothing.
func mute(t *testing.T, addr string) string {
	t.Helper()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String()
}

func TestConnectionsComeFromTheLocalAddressesInTurns(t *testing.T) {
	server := mute(t, "127.0.0.1:0")
	dialer := &TCP{LocalAddrs: addrs("127.0.0.2", "127.0.0.3", "127.0.0.4")}
	came := map[string]int{}
	for range 9 {
		local, err := held(t, dialer, "tcp://"+server)
		if err != nil {
			t.Fatal(err)
		}
		came[local.String()]++
	}
	same(t, "came from", came, map[string]int{"127.0.0.2": 3, "127.0.0.3": 3, "127.0.0.4": 3})
}

func TestANameIsDialledInTheFamiliesThatThereAreAddressesOf(t *testing.T) {
	everything(t)
	four := mute(t, "127.0.0.1:0")
	_, port, _ := net.SplitHostPort(four)
	lonely := port // of which the other family has none
	six := mute(t, "[::1]:0")
	_, port, _ = net.SplitHostPort(six)
	mute(t, "127.0.0.1:"+port)
	for sentence, c := range map[string]struct {
		from []netip.Addr
		url  string
		want string
	}{
		"IPv4 only":                      {addrs("127.0.0.9"), "tcp://both.test:" + port, "127.0.0.9"},
		"IPv6 only":                      {addrs("::1"), "tcp://both.test:" + port, "::1"},
		"both, to a number":              {addrs("::1", "127.0.0.9"), "tcp://" + four, "127.0.0.9"},
		"both, to a number of IPv6":      {addrs("::1", "127.0.0.9"), "tcp://" + six, "::1"},
		"both, but one is refused there": {addrs("::1", "127.0.0.9"), "tcp://both.test:" + lonely, "127.0.0.9"},
	} {
		local, err := held(t, &TCP{LocalAddrs: c.from}, c.url)
		if err != nil || local.String() != c.want {
			t.Errorf("%s: from %s, %v", sentence, local, err)
		}
	}
	for sentence, c := range map[string]struct {
		from []netip.Addr
		url  string
		want messages.Code
	}{
		"a number of the other family":      {addrs("127.0.0.9"), "tcp://" + six, messages.ReasonLocalAddress},
		"a refusal in the only family":      {addrs("::1"), "tcp://both.test:" + lonely, messages.ReasonRefused},
		"a refusal in the only family of 2": {addrs("::1", "::1%lo"), "tcp://[::1]:" + lonely, messages.ReasonRefused},
	} {
		_, err := held(t, &TCP{LocalAddrs: c.from}, c.url)
		same(t, sentence, reasonFor(t, err).Code, c.want)
	}
}

// everything has every name looked up as the loopback, in both families.
func everything(t *testing.T) {
	before := net.DefaultResolver
	t.Cleanup(func() { net.DefaultResolver = before })
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go lookUp(theirs)
		return ours, nil
	}}
}

// lookUp answers one question of a resolver (RFC 1035, 4.2.2).
func lookUp(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return
	}
	raw := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, raw); err != nil {
		return
	}
	var m dnsmessage.Message
	if m.Unpack(raw) != nil {
		return
	}
	head := dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Class: dnsmessage.ClassINET, TTL: 1}
	m.Response, m.Additionals = true, nil
	switch m.Questions[0].Type {
	case dnsmessage.TypeA:
		m.Answers = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}}}}
	case dnsmessage.TypeAAAA:
		m.Answers = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.AAAAResource{AAAA: netip.IPv6Loopback().As16()}}}
	default:
	}
	raw, _ = m.Pack()
	_, _ = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(raw))), raw...))
}

func TestAForeignAddressIsPassedOverAndIsAReasonWhenItIsTheOnlyOne(t *testing.T) {
	server := mute(t, "127.0.0.1:0")
	dialer := &TCP{LocalAddrs: addrs("198.51.100.7", "127.0.0.5", "198.51.100.8")}
	for range 4 {
		local, err := held(t, dialer, "tcp://"+server)
		if err != nil || local.String() != "127.0.0.5" {
			t.Fatalf("from %s, %v", local, err)
		}
	}
	_, err := held(t, &TCP{LocalAddrs: addrs("198.51.100.7")}, "tcp://"+server)
	reason := reasonFor(t, err)
	same(t, "code", reason.Code, messages.ReasonLocalAddress)
	if !strings.Contains(reason.Detail, "198.51.100.7 are not of this machine; check LocalAddrs") {
		t.Errorf("the detail is %q", reason.Detail)
	}
}

func TestAProxyIsDialledFromTheLocalAddresses(t *testing.T) {
	came := make(chan string, 1)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		came <- host
		w.WriteHeader(http.StatusForbidden)
	}))
	defer proxy.Close()
	_, err := dial(t, &WebSocket{LocalAddrs: addrs("127.0.0.6"), Proxy: ProxyURL(proxy.URL)}, Target{URL: "ws://h"})
	same(t, "code", reasonFor(t, err).Code, messages.ReasonProxy)
	same(t, "came from", <-came, "127.0.0.6")
}

// The port of a bound socket is chosen when it is connected: else each address would
// have its ports once for all destinations.
func TestABoundSocketHasNoPortYet(t *testing.T) {
	for _, addr := range addrs("127.0.0.2", "::1") {
		family := unix.AF_INET
		if addr.Is6() {
			family = unix.AF_INET6
		}
		fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Skip(err)
		}
		if err := bindTo(fd, addr); err != nil {
			t.Error(err)
		}
		name, err := unix.Getsockname(fd)
		_ = unix.Close(fd)
		port := -1
		switch name := name.(type) {
		case *unix.SockaddrInet4:
			port = name.Port
		case *unix.SockaddrInet6:
			port = name.Port
		}
		if err != nil || port != 0 {
			t.Errorf("%s has port %d: %v", addr, port, err)
		}
	}
}

// In a network of its own, with four ports.
func TestAnAddressWithoutAPortLeftIsPassedOver(t *testing.T) {
	result := make(chan string)
	go func() { // its thread is in the other network, and ends with it
		defer close(result)
		runtime.LockOSThread()
		if why := fourPorts(); why != "" {
			result <- why
			return
		}
		runWithFourPorts(t)
	}()
	if why, skip := <-result; skip {
		t.Skip(why)
	}
}

// fourPorts leaves the network for an empty one with a loopback and four ports.
func fourPorts() (why string) {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return "no network of its own: " + err.Error()
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", []byte("40000 40003"), 0o644); err != nil {
		return err.Error()
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = unix.Close(fd) }()
	loopback, err := unix.NewIfreq("lo")
	if err != nil {
		return err.Error()
	}
	loopback.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, loopback); err != nil {
		return err.Error()
	}
	return ""
}

// runWithFourPorts dials addresses, not names: then package net dials on this thread.
func runWithFourPorts(t *testing.T) {
	first, second := mute(t, "127.0.0.1:1001"), mute(t, "127.0.0.1:1002")
	dialer := &TCP{LocalAddrs: addrs("127.0.0.2", "127.0.0.3")}
	var conns []Conn
	open := func(server string) error {
		c, err := dialer.Dial(context.Background(), Target{URL: "tcp://" + server})
		if err == nil {
			conns = append(conns, c)
		}
		return err
	}
	defer func() {
		for _, c := range conns {
			gone := make(chan struct{})
			c.Abort(func() { close(gone) })
			<-gone
		}
	}()
	dialer.sources.spend(dialer.LocalAddrs[0], netip.MustParseAddrPort(first), longAgo)
	for range 4 { // all of one address, by the way that does not go round
		lone := &TCP{LocalAddrs: dialer.LocalAddrs[:1]}
		c, err := lone.Dial(context.Background(), Target{URL: "tcp://" + first})
		if err != nil {
			t.Error(err)
			return
		}
		conns = append(conns, c)
	}
	for i := range 4 {
		if err := open(first); err != nil {
			t.Errorf("connection %d from the other address: %v", i, err)
		}
	}
	err := open(first)
	reason, _ := messages.ReasonOf(err)
	same(t, "a ninth", reason.Code, messages.ReasonLocalPortsExhausted)
	for range 8 {
		if err := open(second); err != nil {
			t.Errorf("another destination has ports of its own: %v", err)
		}
	}
}
