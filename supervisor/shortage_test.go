package supervisor

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// poor is a network on a machine that lacks something.
type poor struct {
	dial func(ctx context.Context, network, addr string) (net.Conn, error)

	mu    sync.Mutex
	lacks map[string]syscall.Errno // by address; "" is for all
	dials int
}

func (p *poor) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	p.mu.Lock()
	p.dials++
	errno, lacks := p.lacks[""]
	if !lacks {
		errno, lacks = p.lacks[addr]
	}
	p.mu.Unlock()
	if lacks {
		return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("socket", errno)}
	}
	return p.dial(ctx, network, addr)
}

// lack begins or, with 0, ends a shortage, and gives the dials since the last call.
func (p *poor) lack(addr string, errno syscall.Errno) (dials int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.lacks, addr)
	if errno != 0 {
		p.lacks[addr] = errno
	}
	dials, p.dials = p.dials, 0
	return dials
}

func (s *scene) impoverish() *poor {
	p := &poor{dial: s.network.Dial, lacks: map[string]syscall.Errno{}}
	s.fleet.house.dialer = &transport.WebSocket{NetDial: p.Dial}
	return p
}

// pauses are the changes of the gate that observers were told.
func (s *scene) pauses() (lines []string) {
	for _, e := range s.told() {
		if c, ok := e.(messages.GateChanged); ok {
			lines = append(lines, fmt.Sprintf("%q paused=%v %s", c.Endpoint, c.Paused, c.Reason.Code.String()))
		}
	}
	return lines
}

func TestAMinuteWithoutDescriptors(t *testing.T) {
	const channels, atOnce = 500, 20
	for _, errno := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE} {
		t.Run(errno.Error(), func(t *testing.T) {
			inScene(t, func(s *scene) {
				p := s.impoverish()
				other := s.network.NewServer("other")
				up := s.ready("up-1", "up-2", "up-3")
				before := s.story("up-1") + s.story("up-2") + s.story("up-3")
				p.lack("", errno)
				var all []*Channel
				for n := range channels {
					spec := s.spec(messages.ChannelID(fmt.Sprint(n)))
					spec.MaxRetries = 1
					if n%2 == 1 {
						spec.Address = transport.Static(fmt.Sprint(other.URL, "/", n))
					}
					all = append(all, s.open(spec))
				}
				elapse(time.Minute)
				// Those who dialled already when the first failed, and the probes.
				if dials := p.lack("", 0); dials < 5 || dials > 2*atOnce+9 {
					t.Errorf("%d dials in a minute without descriptors", dials)
				}
				for _, ch := range all {
					if got := ch.Snapshot(); got.Attempt != 0 || got.Status != messages.Queued {
						t.Fatalf("%s is %s at attempt %d: %s", ch.ID(), got.Status, got.Attempt, got.Reason)
					}
				}
				elapse(40 * time.Second)
				if got := s.statuses(); got[messages.Ready] != channels+len(up) {
					t.Errorf("40 s after it was over: %v", got)
				}
				if dials := p.lack("", 0); dials != channels {
					t.Errorf("%d dials for %d channels", dials, channels)
				}
				if after := s.story("up-1") + s.story("up-2") + s.story("up-3"); after != before {
					t.Errorf("those that were up noticed:\n%s", after)
				}
				if got, want := s.pauses(), []string{`"" paused=true FDLimit`, `"" paused=false FDLimit`}; !slices.Equal(got, want) {
					t.Errorf("told %q", got)
				}
				if lines := s.lines("warning"); len(lines) != 1 || !strings.Contains(lines[0], "dials are paused: FDLimit (os ") {
					t.Errorf("%d warnings:\n%s", len(lines), strings.Join(lines, "\n"))
				}
				if err := other.Close(); err != nil {
					t.Error(err)
				}
			}, WithLimits(Limits{Concurrent: atOnce}))
		})
	}
}

func TestAnEndpointWithoutPortsHoldsUpNobodyElse(t *testing.T) {
	inScene(t, func(s *scene) {
		p := s.impoverish()
		other := s.network.NewServer("other")
		endpoint := transport.Endpoint(s.server.URL)
		p.lack(endpoint, syscall.EADDRNOTAVAIL)
		for n := range 100 {
			s.open(s.spec(messages.ChannelID(fmt.Sprint(n))))
		}
		synctest.Wait()
		spec := s.spec("other")
		spec.Address = transport.Static(other.URL)
		s.wait(s.open(spec), messages.Ready)
		elapse(time.Minute)
		if dials := p.lack(endpoint, 0); dials > 10+1+9 {
			t.Errorf("%d dials in a minute without ports", dials)
		}
		elapse(40 * time.Second)
		if got := s.statuses(); got[messages.Ready] != 101 {
			t.Errorf("40 s after it was over: %v", got)
		}
		want := []string{fmt.Sprintf("%q paused=true LocalPortsExhausted", endpoint), fmt.Sprintf("%q paused=false LocalPortsExhausted", endpoint)}
		if got := s.pauses(); !slices.Equal(got, want) {
			t.Errorf("told %q, want %q", got, want)
		}
		if err := other.Close(); err != nil {
			t.Error(err)
		}
	}, WithLimits(Limits{Concurrent: 10}))
}

// One descriptor at a time: whoever gets it comes up, and the others do not storm.
func TestDescriptorsThatComeOneByOneAreUsedOneByOne(t *testing.T) {
	inScene(t, func(s *scene) {
		p := s.impoverish()
		free := 0
		var mu sync.Mutex
		inner := p.dial
		p.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			mu.Lock()
			defer mu.Unlock()
			if free == 0 {
				return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("socket", syscall.EMFILE)}
			}
			free--
			return inner(ctx, network, addr)
		}
		for n := range 100 {
			s.open(s.spec(messages.ChannelID(fmt.Sprint(n))))
		}
		elapse(time.Second)
		p.lack("", 0)
		for range 10 {
			mu.Lock()
			free++
			mu.Unlock()
			elapse(time.Minute)
		}
		if got := s.statuses(); got[messages.Ready] != 10 {
			t.Errorf("%v after ten descriptors", got)
		}
		if dials := p.lack("", 0); dials > 10*10 {
			t.Errorf("%d dials in ten minutes for ten descriptors", dials)
		}
		if got := s.pauses(); len(got) != 1 {
			t.Errorf("told %q", got)
		}
	}, WithLimits(Limits{Concurrent: 10}))
}
