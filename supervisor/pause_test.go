package supervisor

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/seed14814784/holdfast/actors"
	"github.com/seed14814784/holdfast/messages"
)

var (
	noDescriptor = messages.Reason{Code: messages.ReasonFDLimit}
	noPort       = messages.Reason{Code: messages.ReasonLocalPortsExhausted}
)

// begun is a pause that began at dawn.
func begun(t *testing.T) *pause {
	t.Helper()
	p := &pause{random: always(0.5)}
	if p.wait(dawn) != 0 || p.launch() || !p.note(dawn, false, lacking, noDescriptor) {
		t.Fatal("a shortage is no reason to pause")
	}
	return p
}

func TestAPauseGrowsUntilADialSucceeds(t *testing.T) {
	p := begun(t)
	now := dawn
	for _, seconds := range []int{1, 2, 4, 8, 16, 20, 20} {
		want := time.Duration(seconds) * time.Second
		if wait := p.wait(now); wait != want {
			t.Fatalf("after %s it waits %s, want %s", now.Sub(dawn), wait, want)
		}
		now = now.Add(want)
		if !p.launch() || p.wait(now.Add(time.Hour)) != Never {
			t.Fatal("two probes at once")
		}
		p.note(now, true, lacking, noDescriptor)
	}
	now = p.until
	p.launch()
	p.note(now, true, enough, reached)
	p.launch()
	p.note(now, true, lacking, noDescriptor)
	if wait := p.wait(now); wait != time.Second {
		t.Errorf("after a success and a failure it waits %s", wait)
	}
}

func TestTheWayBackFromAPauseIsGradual(t *testing.T) {
	p := begun(t)
	now := p.until
	p.launch()
	p.note(now, true, enough, reached)
	fits := func(now time.Time) (n int) {
		for p.wait(now) == 0 {
			p.launch()
			n++
		}
		return n
	}
	if n := fits(now); n != 2 || p.wait(now) != time.Second {
		t.Errorf("%d fit after the first", n)
	}
	p.note(now, true, enough, reached)
	if n := fits(now); n != 2 {
		t.Errorf("%d fit after the second", n)
	}
	if n := fits(now.Add(2 * time.Second)); n != 9 {
		t.Errorf("%d more fit after two seconds", n)
	}
	if p.over(now.Add(2*time.Second), false, 13) || !p.over(now.Add(2*time.Second), false, 12) || p.on() {
		t.Error("it is over when as many fit as ever")
	}
	for range 12 { // are still out, and come back in the next pause
		p.note(now, true, lacking, noDescriptor)
	}
	if n := fits(p.until); n != 1 {
		t.Errorf("%d probes at once in the next pause", n)
	}
}

func TestOnlyProbesCountInAPause(t *testing.T) {
	for sentence, c := range map[string]struct {
		probe bool
		e     evidence
		at    time.Duration
		want  time.Duration
	}{
		"one that began before and failed does not make it longer":   {false, lacking, 0, time.Second},
		"nor does one that succeeded end it":                         {false, enough, 0, time.Second},
		"nor a probe of an earlier way back":                         {true, enough, 500 * ms, 500 * ms},
		"a probe that says nothing lets the next begin":              {true, unclear, time.Second, 0},
		"a probe that succeeds lets the next begin":                  {true, enough, time.Second, 0},
		"a probe that fails lets the next begin later":               {true, lacking, time.Second, 2 * time.Second},
		"one that began before and fails late does not count either": {false, lacking, time.Minute, 0},
	} {
		p := begun(t)
		p.probing = 1
		if !c.probe {
			p.probing = 0
		}
		now := dawn.Add(c.at)
		p.note(now, c.probe, c.e, noDescriptor)
		if wait := p.wait(now); wait != c.want {
			t.Errorf("%s: the next waits %s, want %s", sentence, wait, c.want)
		}
	}
}

func TestWhatADialSaysAboutShortages(t *testing.T) {
	for code, want := range map[messages.Code][2]evidence{
		messages.ReasonFDLimit:             {lacking, unclear},
		messages.ReasonLocalPortsExhausted: {enough, lacking},
		messages.ReasonLocalAddress:        {enough, lacking},
		messages.ReasonOK:                  {enough, enough},
		messages.ReasonRefused:             {enough, enough},
		messages.ReasonDialTimeout:         {enough, enough},
		messages.ReasonUpgradeStatus:       {enough, enough},
		messages.ReasonDNS:                 {unclear, unclear},
		messages.ReasonUserDrop:            {unclear, unclear},
		messages.ReasonCredCallbackError:   {unclear, unclear},
		messages.ReasonActorPanic:          {unclear, unclear},
	} {
		if d, p := starved(messages.Reason{Code: code}); [2]evidence{d, p} != want {
			t.Errorf("%s: %d %d, want %v", code, d, p, want)
		}
	}
}

func TestAPauseForDescriptorsIsEverybodys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		start := time.Now()
		g := newGate(Limits{}, BreakerLimits{}, func(e messages.Event) {
			c := e.(messages.GateChanged)
			told = append(told, fmt.Sprintf("%s %q paused=%v %s", c.At.Sub(start), c.Endpoint, c.Paused, c.Reason.Code.String()))
		})
		defer g.Close()
		g.pause.random = always(0.5)
		var mu sync.Mutex
		short, log := true, []string(nil)
		ask := func(name string) {
			g.Ask(name, time.Time{}, func(p actors.Permit) {
				mu.Lock()
				log = append(log, fmt.Sprintf("%s %s", time.Since(start), name))
				lacks := short
				mu.Unlock()
				if lacks {
					p.Done(noDescriptor)
				} else {
					time.AfterFunc(ms, func() { p.Done(reached) })
				}
			})
			synctest.Wait()
		}
		for _, name := range []string{"a", "b", "c", "d", "b", "e"} {
			ask(name)
		}
		elapse(5 * time.Second)
		mu.Lock()
		short = false
		mu.Unlock()
		elapse(10 * time.Second)
		want := []string{"0s a", "1s b", "3s c", "7s d", "7.001s b", "7.001s e"}
		slices.Sort(log[4:]) // at the same moment
		if !slices.Equal(log, want) {
			t.Errorf("dialled %q, want %q", log, want)
		}
		if want := []string{`0s "" paused=true FDLimit`, `7.001s "" paused=false FDLimit`}; !slices.Equal(told, want) {
			t.Errorf("told %q, want %q", told, want)
		}
		elapse(time.Hour)
		if n := g.known(); n != 0 {
			t.Errorf("%d endpoints are left", n)
		}
	})
}

func TestAPauseForPortsIsTheEndpointsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t, Limits{})
		d.want("a", 0)
		d.want("late", 0)
		d.expect(t, "a", "late")
		d.giveBack("a", noPort)
		d.giveBack("late", noPort) // launched before the pause: does not make it longer
		for _, name := range []string{"b", "c", "d", "e"} {
			d.want(name, 0)
		}
		d.Ask("other:1", time.Time{}, func(p actors.Permit) { d.enter("other"); d.flying--; d.mu.Unlock(); p.Done(reached) })
		d.expect(t, "a", "late", "other")
		elapse(time.Second)
		d.expect(t, "a", "late", "other", "b")
		elapse(time.Hour)
		d.expect(t, "a", "late", "other", "b")
		d.giveBack("b", reached)
		d.expect(t, "a", "late", "other", "b", "c", "d")
		d.giveBack("c", reached)
		d.giveBack("d", reached)
		d.expect(t, "a", "late", "other", "b", "c", "d", "e")
		if len(d.pauses) != 2 || d.pauses[0].Endpoint != host || !d.pauses[0].Paused || d.pauses[1].Paused {
			t.Errorf("told %+v", d.pauses)
		}
		if len(d.endpoints) != 0 {
			t.Errorf("the breaker moved: %+v", d.endpoints)
		}
	})
}

// A probe that is given back unused, or by somebody who has gone, must not hold up
// the others; nor must one who waits and leaves.
func TestAPauseOutlivesThoseWhoGoAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t, Limits{})
		d.want("a", 0)
		synctest.Wait()
		d.giveBack("a", noDescriptor)
		gone := d.want("gone", 0)
		d.Ask("other:1", time.Time{}, func(actors.Permit) { t.Error("cancelled and admitted") })()
		d.want("b", 0)
		d.want("c", 0)
		gone()
		elapse(time.Second)
		d.expect(t, "a", "b")
		d.giveBack("b", dropped)
		d.expect(t, "a", "b", "c")
		d.giveBack("c", noDescriptor)
		d.want("d", 0)
		elapse(2 * time.Second)
		d.expect(t, "a", "b", "c", "d")
		d.giveBack("d", reached)
		if len(d.pauses) != 2 || d.pauses[1].Paused {
			t.Errorf("told %+v", d.pauses)
		}
	})
}

func TestAnEndpointThatIsForgottenIsToldNotPaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t, Limits{})
		d.want("a", 0)
		synctest.Wait()
		d.giveBack("a", noPort)
		elapse(time.Hour)
		if d.known() != 0 || len(d.pauses) != 2 || d.pauses[1].Paused {
			t.Errorf("%d endpoints, told %+v", d.known(), d.pauses)
		}
	})
}

// Whatever was lacking, for how long and to whom, and whoever went away meanwhile: when
// it is over everybody who still waits gets through, and the gate forgets it.
func TestNobodyIsStrandedByAPause(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var wrong string
		seed := rapid.Uint64().Draw(r, "seed")
		atOnce := rapid.IntRange(1, 5).Draw(r, "at once")
		synctest.Test(t, func(*testing.T) { wrong = strand(rand.New(rand.NewPCG(seed, 0)), atOnce) })
		if wrong != "" {
			r.Fatal(wrong)
		}
	})
}

func strand(chance *rand.Rand, atOnce int) (wrong string) {
	endings := []messages.Reason{reached, unreached, dropped, noDescriptor, noDescriptor, noPort, {Code: messages.ReasonDNS}}
	var dice, mu sync.Mutex // of chance, and of all that follows
	draw := func(n int) int {
		dice.Lock()
		defer dice.Unlock()
		return chance.IntN(n)
	}
	paused, waiting, flying, over := map[string]int{}, 0, map[string]int{}, false
	g := newGate(Limits{Concurrent: atOnce}, BreakerLimits{}, func(e messages.Event) {
		if c, ok := e.(messages.GateChanged); ok {
			mu.Lock()
			defer mu.Unlock()
			if c.Paused {
				paused[c.Endpoint]++
			} else {
				paused[c.Endpoint]--
			}
			if n := paused[c.Endpoint]; n < 0 || n > 1 {
				wrong = fmt.Sprintf("%q was told twice: %+v", c.Endpoint, c)
			}
		}
	})
	defer g.Close()
	for range 200 {
		mu.Lock()
		name, cancelled := fmt.Sprint("host-", draw(6)), draw(5) == 0
		earliest := time.Now().Add(time.Duration(draw(3)) * 700 * ms)
		if !cancelled {
			waiting++
		}
		mu.Unlock()
		cancel := g.Ask(name, earliest, func(p actors.Permit) {
			mu.Lock()
			defer mu.Unlock()
			if !cancelled {
				waiting--
			}
			if flying[name]++; flying[name] > atOnce {
				wrong = fmt.Sprintf("%d dials at once", flying[name])
			}
			ending := endings[draw(len(endings))]
			if over {
				ending = reached
			}
			time.AfterFunc(time.Duration(draw(300))*ms, func() {
				mu.Lock()
				flying[name]--
				mu.Unlock()
				p.Done(ending)
			})
		})
		if cancelled {
			time.AfterFunc(time.Duration(draw(2000))*ms, cancel)
		}
		if draw(4) == 0 {
			elapse(time.Duration(draw(2000)) * ms)
		}
	}
	mu.Lock()
	over = true
	mu.Unlock()
	elapse(5 * time.Minute)
	mu.Lock()
	defer mu.Unlock()
	for name, n := range paused {
		if n != 0 && name != "" {
			return fmt.Sprintf("%q is still paused", name)
		}
	}
	if n := g.known(); waiting != 0 || n != 0 {
		return fmt.Sprintf("%d wait, %d endpoints are left, %+v", waiting, n, g.pause)
	}
	return wrong
}
