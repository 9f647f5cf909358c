package supervisor

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// airport is a network that says what a test wants.
type airport struct {
	tell    func(up bool) // valid once a bubble has waited
	end     chan error    // what Watch returns
	do      func()        // what Watch does instead
	stay    chan struct{} // Watch does not return before it is closed, if not nil
	watches int
	ctx     context.Context // of the watch
}

// inAirport runs a play in a fleet whose network is an airport. Its channel is
// made in the bubble, where the options are applied.
func inAirport(t *testing.T, play func(*scene, *airport), opts ...Option) {
	t.Helper()
	a := &airport{}
	inScene(t, func(s *scene) { play(s, a) }, append(opts, func(o *options) {
		a.end = make(chan error)
		WithNetwork(a)(o)
	})...)
}

// Watch implements Network.
func (a *airport) Watch(ctx context.Context, tell func(up bool)) error {
	a.watches++
	a.tell, a.ctx = tell, ctx
	var err error
	select {
	case <-ctx.Done():
	case err = <-a.end:
	}
	if a.stay != nil {
		<-a.stay
	}
	if a.do != nil {
		a.do()
	}
	return err
}

// offline opens a channel, lets the network say that it is down, and waits until
// the channel is held.
func (a *airport) offline(s *scene) *Channel {
	s.t.Helper()
	s.server.Down()
	ch := s.open(s.spec("a"))
	s.wait(ch, messages.Backoff)
	a.tell(false)
	synctest.Wait()
	if got := ch.Snapshot().Status; got != messages.Held {
		s.t.Fatalf("without a network the channel is %s", got)
	}
	if err := s.server.Up(); err != nil {
		s.t.Fatal(err)
	}
	return ch
}

func TestANetworkHoldsAndReleases(t *testing.T) {
	inAirport(t, func(s *scene, a *airport) {
		ch := a.offline(s)
		elapse(30 * time.Second)
		s.forget()
		a.tell(true)
		s.wait(ch, messages.Ready)
		s.expect("a", `
			0s Queued NetworkUp
			0s Preparing
			0s Dialing
			0s Authenticating
			0s Ready`)
		if a.watches != 1 {
			t.Errorf("the network was watched %d times", a.watches)
		}
		s.must(s.fleet.Close(s.t.Context()))
		if a.ctx.Err() == nil {
			t.Error("the watch of a closed fleet goes on")
		}
	})
}

func TestANetworkThatEndsIsLoggedOnceAndTakenForUp(t *testing.T) {
	ends := map[string]struct {
		err  error
		do   func()
		says []string
	}{
		"returns an error": {errors.New("the socket is gone"), nil, []string{"level=warning", `error="the socket is gone"`}},
		"returns nothing":  {nil, nil, []string{"level=warning"}},
		"panics":           {nil, func() { panic("no antenna") }, []string{"level=error", "no antenna", "reach_test.go", "level=warning"}},
		"leaves":           {nil, runtime.Goexit, []string{"level=warning", "it ended its goroutine"}},
	}
	for what, end := range ends {
		t.Run(what, func(t *testing.T) {
			inAirport(t, func(s *scene, a *airport) {
				a.do = end.do
				ch := a.offline(s)
				elapse(10 * time.Second)
				s.forget()
				a.end <- end.err
				s.wait(ch, messages.Ready)
				s.expect("a", `
					0s Queued NetworkUp
					0s Preparing
					0s Dialing
					0s Authenticating
					0s Ready`)
				log := s.written()
				for _, part := range append(end.says, "lost_hint=true") {
					if !strings.Contains(log, part) {
						t.Errorf("the log does not say %s:\n%s", part, log)
					}
				}
				if n := strings.Count(log, "not watched any more"); n != 1 {
					t.Errorf("it is said %d times", n)
				}

				a.tell(false) // it has nothing to say any more
				elapse(10 * time.Second)
				fresh := s.open(s.spec("b"))
				elapse(time.Second)
				if got := fresh.Snapshot().Status; got != messages.Ready {
					t.Errorf("what is opened then is %s", got)
				}
				if a.watches != 1 {
					t.Errorf("it was watched %d times", a.watches)
				}
			})
		})
	}
}

func TestTheHintOfAUserOutlivesTheNetwork(t *testing.T) {
	inAirport(t, func(s *scene, a *airport) {
		ch := a.offline(s)
		a.tell(true)
		s.fleet.NetworkDown()
		a.end <- errors.New("gone")
		elapse(10 * time.Second)
		if got := ch.Snapshot().Status; got != messages.Held || !strings.Contains(s.written(), "lost_hint=false") {
			t.Errorf("the channel is %s, the log says\n%s", got, s.written())
		}
	})
}

func TestANetworkThatDoesNotReturnIsNamedByClose(t *testing.T) {
	inAirport(t, func(s *scene, a *airport) {
		a.stay = make(chan struct{})
		s.ready("a")
		begun := time.Now()
		err := s.fleet.Close(context.Background())
		if !errors.Is(err, messages.ReasonCloseTimeout) || !strings.Contains(err.Error(), "network") || time.Since(begun) != time.Minute {
			t.Errorf("after %s: %v", time.Since(begun), err)
		}
		close(a.stay) // and with it, closing again is no error
	}, WithShutdown(time.Minute))
}

func TestAWatchedFleetDrainsAtOnce(t *testing.T) {
	inAirport(t, func(s *scene, a *airport) {
		s.ready("a")
		begun := time.Now()
		s.must(s.fleet.Drain(s.t.Context()))
		if took := time.Since(begun); took > time.Second {
			t.Errorf("it took %s", took)
		}
		if strings.Contains(s.written(), "not watched any more") {
			t.Error("a network that ends with its fleet is no news")
		}
	})
}

func TestWhatANetworkTellsAClosedFleetIsNotHeard(t *testing.T) {
	inAirport(t, func(s *scene, a *airport) {
		s.ready("a")
		a.tell(false)
		synctest.Wait() // the channels are told; the next step may not come for a second
		begun := time.Now()
		s.must(s.fleet.Close(s.t.Context()))
		if took := time.Since(begun); took > 100*ms {
			t.Errorf("a fleet that was told something a moment ago took %s to close", took)
		}
		for n := range 100 {
			a.tell(n%2 == 0)
			s.fleet.NetworkDown()
			s.fleet.NetworkUp()
		}
		s.fleet.NetworkDown()
		synctest.Wait()
		if n := s.fleet.house.workers.Count(); n != 0 {
			t.Errorf("%d goroutines for a closed fleet", n)
		}
	})
}

func TestAFleetThatIsClosedAtOnceWatchesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &airport{end: make(chan error)}
		fleet, err := New(WithNetwork(a))
		if err != nil {
			t.Fatal(err)
		}
		if err := fleet.Close(t.Context()); err != nil {
			t.Error(err)
		}
		elapse(time.Second)
		if a.watches != 0 && a.ctx.Err() == nil {
			t.Error("the watch goes on")
		}
	})
}

// A thousand changes a second for ten seconds, and a user who contradicts.
func TestANetworkThatFlapsMovesAChannelOnceASecond(t *testing.T) {
	const channels, flaps = 50, 10_000
	inAirport(t, func(s *scene, a *airport) {
		b := s.book(s.network)
		s.server.Down()
		for n := range channels {
			s.open(s.spec(messages.ChannelID(fmt.Sprint(n))))
		}
		elapse(time.Second)
		first, begun, most := len(b.dialled()), time.Now(), 0
		for n := range flaps {
			a.tell(n%2 == 0)
			if n%7 == 0 {
				s.fleet.NetworkUp()
			}
			elapse(ms)
			most = max(most, s.fleet.house.workers.Count())
		}
		took := time.Since(begun)
		a.tell(false)
		elapse(2 * time.Second)
		steps := strings.Count(s.written(), "a hint says")
		if seconds := int(took / hintPause); steps < seconds/4 || steps > seconds+2 {
			t.Errorf("%d steps in %s", steps, took)
		}
		if most > channels+10 { // the watch, the steps, and dials
			t.Errorf("%d goroutines and sockets at once", most)
		}
		if n := len(b.dialled()) - first; n > channels*int(took/time.Second) {
			t.Errorf("%d dials by %d channels in %s", n, channels, took)
		}
		if got := s.statuses(); got[messages.Held] != channels {
			t.Errorf("after the last hint: %v", got)
		}
		if err := s.server.Up(); err != nil {
			t.Fatal(err)
		}
		a.tell(true)
		elapse(2 * time.Second)
		if got := s.statuses(); got[messages.Ready] != channels {
			t.Errorf("with a network: %v", got)
		}
	}, WithObserverQueue(1<<20))
}

func TestHintsThatRepeatThemselvesDoNothing(t *testing.T) {
	inAirport(t, func(s *scene, a *airport) {
		s.server.Down()
		ch := s.open(s.spec("a"))
		s.wait(ch, messages.Backoff)
		s.forget()
		for range 1000 {
			a.tell(true) // a network that is up is no reason to hurry
			s.fleet.NetworkUp()
		}
		synctest.Wait()
		s.expect("a", ``)
		for range 1000 {
			a.tell(false)
		}
		elapse(10 * time.Second)
		for range 1000 {
			s.fleet.NetworkDown()
		}
		elapse(time.Second)
		s.expect("a", `0s Held NetworkDown`)
		if n := strings.Count(s.written(), "a hint says"); n != 1 {
			t.Errorf("the channels were told %d times", n)
		}
	})
}

func TestAFleetWithoutAUsableNetworkIsRefused(t *testing.T) {
	var none NetworkFunc
	for _, network := range []Network{nil, none, (*airport)(nil)} {
		if _, err := New(WithNetwork(network)); !errors.Is(err, messages.ReasonInvalidSpec) {
			t.Errorf("%#v: %v", network, err)
		}
	}
}
