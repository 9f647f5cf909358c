package supervisor

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/actors"
)

func TestTheGateAdmitsInTheOrderOfAsking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t, Limits{PerSecond: 1, Burst: 2})
		for _, name := range []string{"a", "b", "c", "d"} {
			d.want(name, 0)
		}
		d.expect(t, "a", "b")
		elapse(time.Second)
		d.expect(t, "a", "b", "c")
		elapse(time.Second)
		d.expect(t, "a", "b", "c", "d")
	})
}

func TestAWishForLaterQueuesWhenItsTimeComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t, Limits{PerSecond: 1, Burst: 1})
		d.want("late", 2500*ms)
		d.want("later", 4500*ms)
		d.want("same time, asked second", 2500*ms)
		d.expect(t)
		for _, name := range []string{"1", "2", "3", "4"} {
			d.want(name, 0)
		}
		elapse(2 * time.Second)
		d.want("before late", 0)
		elapse(500 * ms)
		d.want("after late", 0)
		if n := d.Waiting(host); n != 5 {
			t.Errorf("%d wait", n)
		}
		elapse(time.Minute)
		d.expect(t, "1", "2", "3", "4", "before late", "late", "same time, asked second", "after late", "later")
	})
}

func TestTheGateNeverAdmitsBeforeTheEarliestTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t, Limits{})
		d.want("c", 3*time.Second)
		d.want("a", time.Second)
		d.want("b", 2*time.Second)
		elapse(time.Hour)
		d.expect(t, "a", "b", "c")
		if want := []time.Duration{time.Second, 2 * time.Second, 3 * time.Second}; !slices.Equal(d.at, want) {
			t.Errorf("admitted at %v, want %v", d.at, want)
		}
	})
}

func TestTheGateBoundsDialsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t, Limits{Concurrent: 2})
		for _, name := range []string{"a", "b", "c", "d"} {
			d.want(name, 0)
		}
		elapse(time.Hour)
		d.expect(t, "a", "b")
		d.giveBack("b", reached)
		d.expect(t, "a", "b", "c")
		d.permits["b"].Done(reached) // a permit is given back once
		d.expect(t, "a", "b", "c")
		d.giveBack("a", dropped)
		d.expect(t, "a", "b", "c", "d")
	})
}

func TestEndpointsDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(Limits{Concurrent: 1}, BreakerLimits{}, nil)
		defer g.Close()
		var admitted []string
		for _, name := range []string{"a", "a", "b", "c"} {
			g.Ask(name, time.Time{}, func(actors.Permit) { admitted = append(admitted, name) })
			synctest.Wait()
		}
		if want := []string{"a", "b", "c"}; !slices.Equal(admitted, want) {
			t.Errorf("admitted %v, want %v", admitted, want)
		}
	})
}

func TestAdmitIsNeverCalledByAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(Limits{}, BreakerLimits{}, nil)
		defer g.Close()
		var mine sync.Mutex // what the caller holds while it asks
		mine.Lock()
		g.Ask(host, time.Time{}, func(p actors.Permit) {
			mine.Lock()
			defer mine.Unlock()
			p.Done(reached)
		})
		mine.Unlock()
		synctest.Wait()
	})
}

func TestACancelledWishIsNeverAdmitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t, Limits{PerSecond: 1, Burst: 1})
		d.want("first", 0)
		queued := d.want("queued", 0)
		early := d.want("early", 10*time.Second)
		d.want("last", 0)
		d.expect(t, "first")
		queued()
		early()
		early()
		elapse(time.Hour)
		d.expect(t, "first", "last")
		queued()
		if n := d.Waiting(host); n != 0 {
			t.Errorf("%d wait", n)
		}
	})
}

func TestACancelledFirstDoesNotHoldUpTheSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t, Limits{PerSecond: 1, Burst: 1, Concurrent: 1})
		d.want("a", 0)
		synctest.Wait()
		b := d.want("b", 0)
		c := d.want("c", 0)
		b()
		c()
		d.want("d", 0)
		d.giveBack("a", reached)
		elapse(time.Second)
		d.expect(t, "a", "d")
	})
}

// Asks, cancels and returns from everywhere at once: whatever wins, no permit is
// lost and none is invented.
func TestCancelRacesWithAdmission(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(Limits{PerSecond: 1e6, Burst: 10, Concurrent: 3}, BreakerLimits{}, nil)
		var all sync.WaitGroup
		var mu sync.Mutex
		flying, most, admissions := 0, 0, map[int]int{}
		for i := range 2000 {
			all.Go(func() {
				cancel := g.Ask(host, time.Now().Add(time.Duration(i%3)*ms), func(p actors.Permit) {
					mu.Lock()
					admissions[i]++
					flying++
					most = max(most, flying)
					mu.Unlock()
					all.Go(func() {
						mu.Lock()
						flying--
						mu.Unlock()
						p.Done(reached)
						p.Done(unreached)
					})
				})
				if i%2 == 0 {
					cancel()
				}
			})
		}
		elapse(time.Minute)
		all.Wait()
		for i := range 2000 {
			if n := admissions[i]; n > 1 || n == 0 && i%2 == 1 {
				t.Errorf("wish %d was admitted %d times", i, n)
			}
		}
		if flying != 0 || most > 3 {
			t.Errorf("%d are out, %d were out at once", flying, most)
		}
		if n := g.known(); n != 0 {
			t.Errorf("%d endpoints are left", n)
		}
	})
}

func TestAnEndpointIsForgottenWhenItsBucketIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t, Limits{PerSecond: 1, Burst: 20})
		for i := range 20 {
			d.want(fmt.Sprint(i), 0)
		}
		synctest.Wait()
		for i := range 20 {
			d.giveBack(fmt.Sprint(i), dropped) // nothing that a breaker would remember
		}
		elapse(15 * time.Second)
		for range 20 {
			d.want("more", 0)
		}
		synctest.Wait()
		if n := len(d.admitted); n != 35 {
			t.Errorf("%d were admitted in 15 s, want 20 + 15", n)
		}
		d.Close()
	})
}

func TestIdleEndpointsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(Limits{}, BreakerLimits{}, nil)
		for i := range 1000 {
			name := fmt.Sprintf("host-%d", i)
			switch i % 4 {
			case 0:
				g.Ask(name, time.Time{}, func(p actors.Permit) { p.Done(reached) })
			case 1:
				g.Ask(name, time.Time{}, func(p actors.Permit) { p.Done(dropped) })
			case 2:
				g.Ask(name, time.Time{}, func(actors.Permit) { t.Error("cancelled and admitted") })()
			case 3:
				g.Ask(name, time.Now().Add(time.Hour), func(actors.Permit) { t.Error("cancelled and admitted") })()
			}
		}
		if n := g.known(); n != 1000 {
			t.Errorf("%d endpoints", n)
		}
		elapse(21 * time.Second)
		if n := g.known(); n != 250 { // those with a cancelled wish for later wake up once more
			t.Errorf("%d endpoints are left after 21 s", n)
		}
		elapse(time.Hour)
		if n := g.known(); n != 0 {
			t.Errorf("%d endpoints are left", n)
		}
	})
}

func TestThoseWhoHaveGoneAwayCostNoStack(t *testing.T) {
	g := newGate(Limits{PerSecond: 1e9, Concurrent: 1}, BreakerLimits{}, nil)
	defer g.Close()
	var turns sync.WaitGroup
	depth, deepest := 0, 0
	for range 10_000 {
		turns.Add(1)
		g.Ask(host, time.Time{}, func(p actors.Permit) {
			depth++
			deepest = max(deepest, depth)
			p.Done(dropped)
			depth--
			turns.Done()
		})
	}
	turns.Wait()
	if deepest != 1 {
		t.Errorf("%d admissions within one another", deepest)
	}
}

func TestWhoseTimeHasComeIsBeforeWhoAsksNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(Limits{}, BreakerLimits{}, nil)
		defer g.Close()
		g.mu.Lock() // so that the timer is not heard
		defer g.mu.Unlock()
		e := g.discover(host, time.Now())
		ignore := func(actors.Permit) {}
		early, now := &wish{endpoint: e, admit: ignore, earliest: time.Now().Add(ms)}, &wish{endpoint: e, admit: ignore}
		e.join(early, time.Now())
		time.Sleep(ms)
		e.join(now, time.Now())
		if first := e.queue.Front().Value; first != early || e.queue.Len() != 2 {
			t.Errorf("%d wait, the wrong one first", e.queue.Len())
		}
	})
}

func TestAClosedGateAdmitsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t, Limits{PerSecond: 1, Burst: 1})
		d.want("in", 0)
		cancel := d.want("queued", 0)
		d.want("early", time.Second)
		d.expect(t, "in")
		e := d.gate.endpoints[host]
		for range 49 {
			e.breaker.note(time.Now(), false, down)
		}
		d.Close()
		d.want("too late", 0)()
		elapse(time.Hour)
		e.breaker.born = time.Now() // as if no time had passed: this one opens the breaker
		d.giveBack("in", unreached)
		elapse(time.Hour)
		cancel()
		d.Close()
		d.expect(t, "in")
		if len(d.endpoints) != 0 || d.known() != 0 {
			t.Errorf("told %v, %d endpoints", d.endpoints, d.known())
		}
	})
}
