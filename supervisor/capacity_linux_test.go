package supervisor

import (
	"net/netip"
	"os"
	"testing"

	"github.com/seed14814784/holdfast/transport"
)

func TestLimitsCountWhatIsInUse(t *testing.T) {
	fleet, err := New()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = fleet.Close(t.Context()) }()
	fleet.Limits() // the first file that a program reads takes the runtime some of its own
	before := fleet.Limits().Descriptors
	if !before.Known || before.Soft < 1 || before.Hard < before.Soft || before.InUse < 3 || before.Free != before.Soft-before.InUse {
		t.Fatalf("%+v", before)
	}
	for range 20 {
		file, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = file.Close() }()
	}
	after := fleet.Limits().Descriptors
	want := before
	want.InUse, want.Free = before.InUse+20, before.Free-20
	if after != want {
		t.Errorf("with 20 more: %+v, before %+v", after, before)
	}
	if n, err := countDescriptors(); n != after.InUse || err != nil {
		t.Errorf("%d were counted (%v), %d are in use", n, err, after.InUse)
	}
}

func TestLimitsMultiplyPortsByAddresses(t *testing.T) {
	two := []netip.Addr{netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3")}
	web := &transport.WebSocket{LocalAddrs: two}
	for sentence, c := range map[string]struct {
		dialer transport.Dialer
		want   int
	}{
		"the system's choice":       {&transport.WebSocket{}, 1},
		"two addresses":             {web, 2},
		"one of each family":        {&transport.TCP{LocalAddrs: []netip.Addr{two[0], netip.IPv6Loopback()}}, 1},
		"the least of all schemes":  {transport.Schemes{"ws": web, "tcp": &transport.TCP{}}, 1},
		"two, whatever the scheme":  {transport.Schemes{"ws": web, "wss": web}, 2},
		"a dialer that says nought": {struct{ transport.Dialer }{web}, 1},
	} {
		fleet, err := New(WithDialer(c.dialer))
		if err != nil {
			t.Fatal(err)
		}
		got := fleet.Limits()
		if got.Sources != c.want || got.Ports < 1 || got.PerDestination != got.Ports*c.want {
			t.Errorf("%s: %+v", sentence, got)
		}
		_ = fleet.Close(t.Context())
	}
}

func TestARangeOfPortsIsCounted(t *testing.T) {
	for text, want := range map[string]int{
		"32768\t60999\n": 28232, "1024 65535": 64512, "5 5": 1,
		"": 0, "1": 0, "a b": 0, "9 8": 0, "-1 5": 0, "1 65536": 0,
	} {
		if got := portsIn(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}
