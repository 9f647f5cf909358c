package transport

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

func addrs(words ...string) (list []netip.Addr) {
	for _, w := range words {
		list = append(list, netip.MustParseAddr(w))
	}
	return list
}

var (
	firstServer  = netip.MustParseAddrPort("192.0.2.1:80")
	secondServer = netip.MustParseAddrPort("192.0.2.2:80")
	sixServer    = netip.MustParseAddrPort("[2001:db8::1]:80")
)

func TestEachDestinationHasTurnsOfItsOwn(t *testing.T) {
	var s sources
	from, now := addrs("10.0.0.1", "10.0.0.2", "10.0.0.3"), time.Now()
	took := map[netip.AddrPort]map[netip.Addr]int{firstServer: {}, secondServer: {}}
	for i := range 40 { // the destinations come in turns themselves
		to := firstServer
		if i%4 == 3 {
			to = secondServer
		}
		took[to][s.order(from, to, now)[0]]++
	}
	same(t, "30 to the first", took[firstServer], map[netip.Addr]int{from[0]: 10, from[1]: 10, from[2]: 10})
	if counts := took[secondServer]; max(counts[from[0]], counts[from[1]], counts[from[2]]) != 4 {
		t.Errorf("10 to the second: %v", counts)
	}
}

func TestWhatIsSpentIsTriedLastForAWhile(t *testing.T) {
	var s sources
	from, now := addrs("10.0.0.1", "10.0.0.2", "10.0.0.3"), time.Now()
	s.spend(from[1], firstServer, now)
	s.spend(from[0], firstServer, now.Add(time.Millisecond))
	for range 3 {
		same(t, "while two are spent", s.order(from, firstServer, now), []netip.Addr{from[2], from[1], from[0]})
	}
	if first := s.order(from, secondServer, now)[0]; first == s.order(from, secondServer, now)[0] {
		t.Errorf("elsewhere nothing is spent, but %s is first twice", first)
	}
	later := now.Add(spentPause + time.Millisecond)
	seen := map[netip.Addr]bool{}
	for range 3 {
		seen[s.order(from, firstServer, later)[0]] = true
	}
	same(t, "first, afterwards", len(seen), 3)
}

func TestAFamilyIsDialledFromItsOwnAddresses(t *testing.T) {
	var s sources
	from, now := addrs("10.0.0.1", "::ffff:10.0.0.2", "2001:db8::9"), time.Now()
	same(t, "IPv6", s.order(from, sixServer, now), addrs("2001:db8::9"))
	same(t, "IPv4", len(s.order(from, firstServer, now)), 2)
	same(t, "none", s.order(addrs("10.0.0.1"), sixServer, now), []netip.Addr(nil))
	for sentence, c := range map[string]struct {
		from    []netip.Addr
		network string
		fewest  int
	}{
		"both": {from, "tcp", 1},
		"four": {addrs("10.0.0.1", "::ffff:10.0.0.2"), "tcp4", 2},
		"six":  {addrs("2001:db8::9"), "tcp6", 1},
	} {
		same(t, sentence, (&departure{from: c.from}).network(), c.network)
		same(t, sentence, fewest(c.from), c.fewest)
	}
	same(t, "the system's choice", fewest(nil), 1)
}

func TestManyDestinationsAreNotRememberedForEver(t *testing.T) {
	var s sources
	from := addrs("10.0.0.1", "10.0.0.2")
	for port := range 3 * maxTurns {
		s.order(from, netip.AddrPortFrom(firstServer.Addr(), uint16(port)), time.Now())
	}
	if len(s.turns) > maxTurns {
		t.Errorf("%d are remembered", len(s.turns))
	}
}

func TestLocalAddressesAreChecked(t *testing.T) {
	if !canBind {
		t.Skip("no address can be chosen on this system")
	}
	for sentence, c := range map[string]struct {
		from []netip.Addr
		want []string
	}{
		"nothing":     {nil, nil},
		"good ones":   {addrs("127.0.0.2", "10.1.2.3", "::1", "fe80::1%lo"), nil},
		"no address":  {[]netip.Addr{{}}, []string{"LocalAddrs has an address that is none; use netip.ParseAddr"}},
		"unspecified": {addrs("0.0.0.0", "::"), []string{"the local address 0.0.0.0 is not one that a connection can come from", "the local address :: is not one that a connection can come from"}},
		"many":        {addrs("224.0.0.1", "255.255.255.255"), []string{"the local address 224.0.0.1 is not one that a connection can come from", "the local address 255.255.255.255 is not one that a connection can come from"}},
		"twice":       {addrs("10.0.0.1", "::ffff:10.0.0.1"), []string{"the local address ::ffff:10.0.0.1 is there twice"}},
	} {
		for name, err := range map[string]error{
			"websocket": (&WebSocket{LocalAddrs: c.from}).Check(), "tcp": (&TCP{LocalAddrs: c.from}).Check(),
		} {
			same(t, sentence, complaints(err), c.want)
			if err != nil && !errors.Is(err, messages.ReasonInvalidSpec) {
				t.Errorf("%s, %s: %v", sentence, name, err)
			}
		}
	}
	err := (&WebSocket{LocalAddrs: addrs("10.0.0.1"), NetDial: answering(nil)}).Check()
	same(t, "with a NetDial", complaints(err), []string{"LocalAddrs is for the dialer's own connections; with NetDial, choose the local address there"})
}

// complaints are the details of a joined error.
func complaints(err error) (words []string) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	for _, one := range joined.Unwrap() {
		reason, _ := messages.ReasonOf(one)
		words = append(words, reason.Detail)
	}
	return words
}

// held dials a stream and keeps it until the test ends.
func held(t *testing.T, dialer *TCP, url string) (netip.Addr, error) {
	t.Helper()
	c, err := dial(t, dialer, Target{URL: url})
	if err != nil {
		return netip.Addr{}, err
	}
	local := c.Info().Local
	use(t, c)
	return local.(*net.TCPAddr).AddrPort().Addr().Unmap(), nil
}
