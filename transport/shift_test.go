//go:build linux && !goroutines

package transport

import (
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// attended is a connection whose notify reads everything and leaves handle to be done.
func attended(t *testing.T, handle func()) net.Conn {
	t.Helper()
	ours, theirs := wired(t)
	c := newConn(ours, ours, false, true, nil, ConnInfo{}, testLimits)
	var reading sync.Mutex
	c.Watch(func() func() {
		reading.Lock()
		defer reading.Unlock()
		heard := false
		for {
			if _, err := c.Read(); err != nil {
				break
			}
			heard = true
		}
		if !heard {
			return nil
		}
		return handle
	})
	t.Cleanup(func() {
		gone := make(chan struct{})
		c.Abort(func() { close(gone) })
		<-gone
	})
	return theirs
}

// soon waits until it is so.
func soon(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !so(); time.Sleep(100 * time.Microsecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

func say(t *testing.T, peer net.Conn) {
	t.Helper()
	if _, err := peer.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
}

// shifts is how many look for events, or are about to.
func shifts() int {
	watched.mu.Lock()
	defer watched.mu.Unlock()
	if watched.poller == nil {
		return 0
	}
	watched.poller.mu.Lock()
	defer watched.poller.mu.Unlock()
	return len(watched.poller.shifts)
}

// Nobody looks after the shifts meanwhile: one that finds a crowd shares it all the same.
func TestACrowdIsSharedAtOnce(t *testing.T) {
	if runtime.GOMAXPROCS(0) < 2 {
		t.Skip("one processor has no help to give")
	}
	gate, met := make(chan struct{}), make(chan struct{})
	var held, inside atomic.Int32
	first := attended(t, func() {
		held.Add(1)
		<-gate
	})
	var peers []net.Conn
	for range 2 * crowd {
		peers = append(peers, attended(t, func() {
			if inside.Add(1) == 2 {
				close(met)
			}
			<-met
		}))
	}
	p := watched.poller
	soon(t, "nobody looks after the shifts", func() bool { return p.ticking.CompareAndSwap(false, true) })
	defer p.ticking.Store(false)
	say(t, first)
	soon(t, "the only shift is held", func() bool { return held.Load() == 1 })
	for _, peer := range peers {
		say(t, peer)
	}
	close(gate)
	select {
	case <-met:
	case <-time.After(20 * time.Second):
		t.Error("one shift has them all")
		inside.Store(2)
		close(met)
	}
	soon(t, "all were heard", func() bool { return inside.Load() >= 2*crowd })
}

func TestHandlersThatNeverReturnDelayNobody(t *testing.T) {
	gate := make(chan struct{})
	var stuck, heard atomic.Int32
	for range 20 {
		peer := attended(t, func() {
			stuck.Add(1)
			<-gate
		})
		say(t, peer)
	}
	soon(t, "all are stuck", func() bool { return stuck.Load() == 20 })
	peer := attended(t, func() { heard.Add(1) })
	for i := range int32(10) {
		say(t, peer)
		soon(t, "another is heard", func() bool { return heard.Load() > i })
	}
	close(gate)
	soon(t, "one looks for events", func() bool { return shifts() == 1 })
}

func TestAbortDoesNotWaitForWhatANotifyLeft(t *testing.T) {
	gate, stuck := make(chan struct{}), make(chan struct{})
	defer close(gate)
	say(t, attended(t, func() { // its cleanup aborts it
		close(stuck)
		<-gate
	}))
	<-stuck
}

func TestAHandlerThatLeavesByGoexitTakesNobodyAlong(t *testing.T) {
	var left, heard atomic.Int32
	leaving := attended(t, func() {
		left.Add(1)
		runtime.Goexit()
	})
	other := attended(t, func() { heard.Add(1) })
	for i := range int32(20) {
		say(t, leaving)
		say(t, other)
		soon(t, "both are heard", func() bool { return left.Load() > i && heard.Load() > i })
	}
	soon(t, "one looks for events", func() bool { return shifts() == 1 })
}

// What is slow all together, and never for long, is shared by as many as there are
// processors.
func TestShiftsHelpEachOther(t *testing.T) {
	if runtime.GOMAXPROCS(0) < 2 {
		t.Skip("there is one processor")
	}
	var inside, most atomic.Int32
	var peers []net.Conn
	for range 64 {
		peers = append(peers, attended(t, func() {
			n := inside.Add(1)
			defer inside.Add(-1)
			for {
				old := most.Load()
				if n <= old || most.CompareAndSwap(old, n) {
					break
				}
			}
			time.Sleep(300 * time.Microsecond)
		}))
	}
	soon(t, "two are at work", func() bool {
		for _, peer := range peers {
			say(t, peer)
		}
		return most.Load() > 1
	})
	soon(t, "one looks for events", func() bool { return shifts() == 1 })
}

// A handler that never returns keeps its connection, and not those that had something to
// say at the same time.
func TestAShiftThatIsStuckKeepsNoOtherConnection(t *testing.T) {
	for _, begun := range []int{0, 1, 2, 3} {
		s := &shift{n: 3, round: 7, found: [findings]finding{{d: new(polled)}, {d: new(polled)}, {d: new(polled)}}}
		all := s.found
		next := s.successor(at(s.round, begun))
		same(t, "what the next has", next.n, s.n-begun)
		for i := range s.n {
			same(t, "what it keeps", s.found[i].d != nil, i == begun-1)
			if i >= begun {
				same(t, "what the next has", next.found[i-begun].d, all[i].d)
			}
		}
	}
}
