package netlink

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
)

const ms = time.Millisecond

// rig is a source whose tables and words a test chooses.
type rig struct {
	words chan error // what wait returns; a nil one is a change

	mu     sync.Mutex
	up     bool
	broken error // what read returns
	reads  int
	during func() // happens while the tables are read
	closed bool
}

func (r *rig) wait() error {
	word, ok := <-r.words
	if !ok {
		return errors.New("the socket is closed")
	}
	return word
}

func (r *rig) read(func(netip.Prefix) bool) (tables, error) {
	r.mu.Lock()
	r.reads++
	t, err := tables{links: wires}, r.broken
	if r.up {
		t.routes = []route{via(mainTable, "0.0.0.0/0", eth0)}
	}
	during := r.during
	r.during = nil
	r.mu.Unlock()
	if during != nil {
		during()
	}
	return t, err
}

func (r *rig) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	close(r.words)
}

func (r *rig) isClosed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed
}

// set changes the tables and says so.
func (r *rig) set(up bool) {
	r.mu.Lock()
	r.up = up
	r.mu.Unlock()
	r.words <- nil
}

// watching runs a watcher in a bubble, and gives what it told and returned.
func watching(t *testing.T, w Watcher, up bool, play func(r *rig, told func() []bool)) (result error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{words: make(chan error), up: up}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var mu sync.Mutex
		var all []bool
		returned := make(chan struct{})
		go func() {
			defer close(returned)
			result = w.follow(ctx, r, func(up bool) {
				mu.Lock()
				defer mu.Unlock()
				all = append(all, up)
			})
		}()
		synctest.Wait()
		play(r, func() []bool {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(all)
		})
		cancel()
		<-returned
		if !r.isClosed() {
			t.Error("the source was not closed")
		}
	})
	return result
}

func expect(t *testing.T, told []bool, want ...bool) {
	t.Helper()
	if !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}

func TestTheStateAtTheBeginningIsToldAtOnce(t *testing.T) {
	for _, up := range []bool{true, false} {
		if err := watching(t, Watcher{}, up, func(_ *rig, told func() []bool) { expect(t, told(), up) }); err != nil {
			t.Error(err)
		}
	}
}

func TestAChangeIsToldOnceItHasSettled(t *testing.T) {
	_ = watching(t, Watcher{}, true, func(r *rig, told func() []bool) {
		r.set(false)
		time.Sleep(249 * ms)
		expect(t, told(), true)
		time.Sleep(ms)
		expect(t, told(), true, false)
		r.set(false) // a word about something else
		time.Sleep(time.Hour)
		expect(t, told(), true, false)
		r.set(true)
		time.Sleep(time.Second)
		expect(t, told(), true, false, true)
	})
}

func TestWhatIsAsItWasHasNeverHappened(t *testing.T) {
	_ = watching(t, Watcher{Settle: time.Second}, true, func(r *rig, told func() []bool) {
		r.set(false)
		time.Sleep(500 * ms)
		r.set(true)
		time.Sleep(time.Hour)
		expect(t, told(), true)
		if r.reads > 3 {
			t.Errorf("the tables were read %d times", r.reads)
		}
	})
}

func TestTablesThatNeverRestAreReadAtABoundedRate(t *testing.T) {
	_ = watching(t, Watcher{}, true, func(r *rig, told func() []bool) {
		for range 100_000 {
			r.set(true)
			time.Sleep(100 * time.Microsecond)
		}
		r.set(false)
		time.Sleep(500 * ms)
		expect(t, told(), true, false)
		if r.reads > 10*4+3 {
			t.Errorf("the tables were read %d times in 10 s", r.reads)
		}
	})
}

// The tables change after they were read and before it is known what they said.
func TestAChangeWhileTheTablesAreReadIsNotLost(t *testing.T) {
	_ = watching(t, Watcher{}, true, func(r *rig, told func() []bool) {
		r.mu.Lock()
		r.during = func() { r.set(false) }
		r.mu.Unlock()
		r.set(true)
		time.Sleep(time.Second)
		expect(t, told(), true, false)
	})
}

func TestReadingThatFailsIsTriedAgain(t *testing.T) {
	err := watching(t, Watcher{}, true, func(r *rig, told func() []bool) {
		for range 5 { // with a success between them, failures do not add up
			r.mu.Lock()
			r.broken = errors.New("interrupted")
			r.mu.Unlock()
			r.set(false)
			time.Sleep(8 * time.Second)
			r.mu.Lock()
			r.broken = nil
			r.mu.Unlock()
			time.Sleep(2 * time.Second)
		}
		expect(t, told(), true, false)
	})
	if err != nil {
		t.Error(err)
	}
}

// A large table that always changes is never read in one piece. A way out that was
// seen in it is one; that none was seen says nothing.
func TestATableThatChangesWhileItIsReadShowsAWayOutAndNeverThatThereIsNone(t *testing.T) {
	err := watching(t, Watcher{}, false, func(r *rig, told func() []bool) {
		expect(t, told(), false)
		r.mu.Lock()
		r.broken = errTorn
		r.mu.Unlock()
		r.set(true)
		time.Sleep(time.Second)
		expect(t, told(), false, true)
		for range 60 {
			r.set(true)
			time.Sleep(time.Second)
		}
		r.set(false)
		time.Sleep(5 * time.Second)
		expect(t, told(), false, true)
		r.mu.Lock()
		r.broken = nil
		r.mu.Unlock()
		time.Sleep(time.Second)
		expect(t, told(), false, true, false)
	})
	if err != nil {
		t.Error(err)
	}
}

func TestReadingThatNeverSucceedsEndsTheWatch(t *testing.T) {
	broken := errors.New("too many open files")
	err := watching(t, Watcher{}, true, func(r *rig, told func() []bool) {
		r.mu.Lock()
		r.broken = broken
		r.mu.Unlock()
		r.set(false)
		time.Sleep(9200 * ms)
		if r.isClosed() {
			t.Error("it ended too early")
		}
		time.Sleep(time.Minute)
		expect(t, told(), true)
	})
	if !errors.Is(err, broken) {
		t.Errorf("it ended with %v", err)
	}
}

func TestASocketThatEndsEndsTheWatch(t *testing.T) {
	gone := errors.New("no such device")
	err := watching(t, Watcher{}, true, func(r *rig, _ func() []bool) {
		r.words <- gone
		synctest.Wait()
	})
	if !errors.Is(err, gone) {
		t.Errorf("it ended with %v", err)
	}
}

func TestAWatcherThatMakesNoSenseIsRefused(t *testing.T) {
	w := Watcher{Destinations: []netip.Addr{netip.IPv4Unspecified(), {}}, Settle: -1}
	_, made := supervisor.New(supervisor.WithNetwork(w))
	for who, err := range map[string]error{"Watch": w.Watch(t.Context(), func(bool) {}), "New": made} {
		if !errors.Is(err, messages.ReasonInvalidSpec) {
			t.Fatalf("%s: %v", who, err)
		}
		for _, part := range []string{"destination 1 is no address", "Settle is -1ns"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s does not say %q: %v", who, part, err)
			}
		}
	}
}
