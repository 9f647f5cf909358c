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

// exceeded finds a window with more dials than the limits allow: in any span of
// time at most rate times its length, and a burst.
func exceeded(at []time.Duration, limits Limits) string {
	for i := range at {
		for j := i; j < len(at); j++ {
			span := at[j] - at[i]
			if n := j - i + 1; float64(n) > limits.PerSecond*span.Seconds()+float64(limits.Burst)+1e-6 {
				return fmt.Sprintf("%d dials within %s, from %s", n, span, at[i])
			}
		}
	}
	return ""
}

// crowd is some who ask at the same moment, for the same time, and whose dials
// take and end the same.
type crowd struct {
	size     int
	in       time.Duration // until their time comes
	takes    time.Duration
	ends     messages.Reason
	withdraw int           // who asked so many before this one cancels, if there is one
	pause    time.Duration // afterwards
}

// day is what happens at a gate, drawn before it happens.
type day struct {
	limits   Limits
	attempts int // that open the breaker
	scatter  float64
	crowds   []crowd
}

var days = rapid.Custom(func(t *rapid.T) day {
	span := func(most int, label string) time.Duration {
		return time.Duration(rapid.IntRange(0, most).Draw(t, label)) * ms
	}
	return day{
		limits: Limits{
			PerSecond:  rapid.Float64Range(0.2, 60).Draw(t, "per second"),
			Burst:      rapid.IntRange(1, 20).Draw(t, "burst"),
			Concurrent: rapid.IntRange(1, 12).Draw(t, "at once"),
		},
		attempts: rapid.IntRange(3, 30).Draw(t, "attempts"),
		scatter:  rapid.Float64Range(0, highest).Draw(t, "scatter"),
		crowds: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) crowd {
			return crowd{
				size:     rapid.OneOf(rapid.Just(1), rapid.IntRange(0, 40)).Draw(t, "size"),
				in:       max(0, span(12000, "in")-3*time.Second),
				takes:    span(3000, "takes"),
				ends:     rapid.SampledFrom([]messages.Reason{reached, unreached, unreached, dropped}).Draw(t, "ends"),
				withdraw: rapid.IntRange(0, 60).Draw(t, "withdraw"),
				pause:    max(0, span(6000, "pause")-3*time.Second),
			}
		}), 1, 50).Draw(t, "crowds"),
	}
})

// Invariant 22, and with it: nobody is admitted early, twice, or after a
// cancel; everybody else is admitted; those who ask for the next moment are
// admitted in turn; and nothing is left behind.
func TestTheBoundsHoldInEveryWindow(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := days.Draw(r, "day")
		var wrong string
		synctest.Test(t, func(*testing.T) { wrong = d.pass() })
		if wrong != "" {
			r.Fatal(wrong)
		}
	})
}

// pass lets the day pass and returns what went wrong; it runs in a bubble.
func (d day) pass() (wrong string) {
	var mu sync.Mutex
	fault := func(format string, args ...any) {
		if wrong == "" {
			wrong = fmt.Sprintf(format, args...)
		}
	}
	var told []messages.EndpointChanged
	g := newGate(d.limits, BreakerLimits{Attempts: d.attempts, Successes: 2}, func(e messages.Event) {
		if e, ok := e.(messages.EndpointChanged); ok {
			told = append(told, e)
		}
	})
	g.random = always(d.scatter)
	type visitor struct {
		admitted  int
		cancelled bool
		cancel    func()
	}
	var (
		start    = time.Now()
		visitors []*visitor
		order    []int
		at       []time.Duration
		flying   int
	)
	for _, c := range d.crowds {
		for range c.size {
			v, number, earliest := &visitor{}, len(visitors), time.Now().Add(c.in)
			visitors = append(visitors, v)
			v.cancel = g.Ask(host, earliest, func(p actors.Permit) {
				mu.Lock()
				defer mu.Unlock()
				if v.admitted++; v.admitted > 1 || v.cancelled || time.Now().Before(earliest) {
					fault("visitor %d: %+v, admitted %s early", number, v, time.Until(earliest))
				}
				if c.in == 0 {
					order = append(order, number)
				}
				at = append(at, time.Since(start))
				if flying++; flying > d.limits.Concurrent {
					fault("%d dials at once", flying)
				}
				time.AfterFunc(c.takes, func() {
					mu.Lock()
					flying--
					mu.Unlock()
					p.Done(c.ends)
				})
			})
		}
		synctest.Wait()
		if c.withdraw > 0 && c.withdraw <= len(visitors) {
			v := visitors[len(visitors)-c.withdraw]
			v.cancel()
			v.cancelled = v.admitted == 0
		}
		elapse(c.pause)
	}
	elapse(6 * time.Hour)
	for number, v := range visitors {
		if v.admitted != 1 && !v.cancelled {
			fault("visitor %d was admitted %d times", number, v.admitted)
		}
	}
	if !slices.IsSorted(order) {
		fault("the order of admission is %v", order)
	}
	if window := exceeded(at, d.limits); window != "" {
		fault("%s", window)
	}
	for i, e := range told {
		if e.Open != (i%2 == 0) {
			fault("told %+v", told)
		}
	}
	if n := g.known(); len(told)%2 != 0 || flying != 0 || n != 0 {
		fault("told %+v; %d in flight, %d endpoints are left", told, flying, n)
	}
	return wrong
}

// The storm of the simulation: two thousand channels lose their server for a
// minute. Without gate and breaker each would try about ten times.
func TestAStormOfTwoThousand(t *testing.T) {
	for sentence, dead := range map[string]struct {
		takes  time.Duration
		reason messages.Reason
	}{
		"connections are refused":      {ms, unreached},
		"dials hang until their time":  {10 * time.Second, messages.Reason{Code: messages.ReasonDialTimeout}},
		"a proxy answers with 503":     {20 * ms, messages.Reason{Code: messages.ReasonTryLater}},
		"TLS ends without a handshake": {5 * ms, messages.Reason{Code: messages.ReasonReadEOF}},
	} {
		t.Run(sentence, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { storm(t, dead.takes, dead.reason) }) })
	}
}

func storm(t *testing.T, takes time.Duration, reason messages.Reason) {
	const channels, outage = 2000, time.Minute
	r := &lockedRandom{r: rand.New(rand.NewPCG(3, 7))}
	d := newDoor(t, Limits{})
	d.random = r.Float64
	strategy := Backoff{random: new(r.Float64)}
	up := make([]time.Duration, channels)
	var attempt func(channel, n int)
	attempt = func(channel, n int) {
		wait := strategy.Next(Failure{Attempt: n, Stable: n == 1}).Delay
		time.AfterFunc(wait, func() {
			d.Ask(host, time.Time{}, func(p actors.Permit) {
				d.enter("")
				d.mu.Unlock()
				takes, reason := takes, reason
				if time.Since(d.opened) >= outage {
					takes, reason = 20*ms, reached
				}
				time.AfterFunc(takes, func() {
					d.mu.Lock()
					d.flying--
					if reason.IsZero() {
						up[channel] = time.Since(d.opened)
					}
					d.mu.Unlock()
					p.Done(reason)
					if !reason.IsZero() {
						attempt(channel, n+1)
					}
				})
			})
		})
	}
	for channel := range channels {
		attempt(channel, 1)
	}
	elapse(outage + 2*time.Minute)

	inOutage, _ := slices.BinarySearch(d.at, outage)
	back := slices.Max(up) - outage
	t.Logf("%d dials in the outage, %d after it, all back after %s", inOutage, len(d.at)-inOutage, back)
	if slices.Contains(up, 0) || back > 30*time.Second {
		t.Errorf("the last channel is back after %s; some never: %v", back, slices.Contains(up, 0))
	}
	if perChannel := float64(len(d.at)) / channels; perChannel > 1.25 {
		t.Errorf("%.2f dials per channel", perChannel)
	}
	if wrong := exceeded(d.at, Limits{}.filled()); wrong != "" || d.most > 200 {
		t.Errorf("%s; %d at once", wrong, d.most)
	}
	if got := d.told(); len(got) != 2 {
		t.Errorf("told %q", got)
	}
	if n := d.known(); n != 0 {
		t.Errorf("%d endpoints are left", n)
	}
}

func TestWhileTheBreakerIsOpenOneProbePassesPerSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t, Limits{})
		d.breakDown(t)
		for i := range 100 {
			d.dial(fmt.Sprint(i), 2500*ms*time.Duration(i/3%2), func() messages.Reason { return unreached })
		}
		elapse(10500 * ms)
		want := []time.Duration{1 * time.Second, 2 * time.Second, 3 * time.Second, 4 * time.Second,
			6500 * ms, 9 * time.Second} // three at once, then three that hang
		if !slices.Equal(d.at, want) {
			t.Errorf("probes at %v, want %v", d.at, want)
		}
	})
}

func TestAfterAnOutageTheRateGrowsFromATenth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t, Limits{})
		d.breakDown(t)
		for i := range 3000 {
			d.dial(fmt.Sprint(i), 0, func() messages.Reason { return reached })
		}
		elapse(20 * time.Second)
		const closed = time.Second // the third probe comes right after the first
		var perSecond [7]int
		for _, at := range d.at[3:] {
			if second := int((at - closed) / time.Second); second < len(perSecond) {
				perSecond[second]++
			}
		}
		// 10 % of 500, and of the burst of 200; then the double and the double.
		most := [7]int{50 + 20, 100 + 20, 200 + 40, 400 + 80, 500 + 100, 501, 501}
		for second, n := range perSecond {
			if n > most[second] || n < []int{50, 100, 200, 400, 500, 499, 499}[second]-1 {
				t.Errorf("second %d: %d dials of %v, at most %v", second, n, perSecond, most)
			}
		}
		if got, want := d.told(), []string{host + " down, 0 wait", host + " up, 2997 wait"}; !slices.Equal(got, want) {
			t.Errorf("told %q, want %q", got, want)
		}
	})
}

func TestASmallRateIsLookedAtAgainWhileItGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t, Limits{PerSecond: 0.5, Burst: 50})
		d.breakDown(t)
		d.mu.Lock()
		d.at = nil
		d.mu.Unlock()
		for i := range 14 {
			d.dial(fmt.Sprint(i), 0, func() messages.Reason { return reached })
		}
		elapse(time.Minute)
		// The probes pay too: at 2, 4 and 6 s. Then 0.05, 0.1, 0.2, 0.4 and 0.5 tokens a second.
		want := []time.Duration{2 * time.Second, 4 * time.Second, 6 * time.Second}
		for i := range 11 {
			want = append(want, 10500*ms+time.Duration(i)*2*time.Second)
		}
		for i, at := range d.at {
			if i >= len(want) || at < want[i] || at > want[i]+10*ms {
				t.Fatalf("dial %d of %v, want %v", i, d.at, want)
			}
		}
		if len(d.at) != len(want) {
			t.Errorf("%d dials, want %d", len(d.at), len(want))
		}
	})
}

func TestAnOutageThatNobodyWaitsForIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t, Limits{})
		d.breakDown(t)
		elapse(59 * time.Second)
		if n := d.known(); n != 1 {
			t.Errorf("%d endpoints: suspended channels are about to come back", n)
		}
		elapse(2 * time.Second)
		if got, want := d.told(), []string{host + " down, 0 wait", host + " up, 0 wait"}; !slices.Equal(got, want) {
			t.Errorf("told %q, want %q", got, want)
		}
		if n := d.known(); n != 0 {
			t.Errorf("%d endpoints are left", n)
		}
	})
}

func TestWhoIsToldAboutAnEndpointMayUseTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g *gate
		var waiting []int
		g = newGate(Limits{Concurrent: 60}, BreakerLimits{}, func(messages.Event) {
			g.Ask(host, time.Time{}, func(p actors.Permit) { p.Done(dropped) })
			waiting = append(waiting, g.Waiting(host))
		})
		defer g.Close()
		for range 50 {
			g.Ask(host, time.Time{}, func(p actors.Permit) { p.Done(unreached) })
		}
		synctest.Wait()
		if want := []int{1}; !slices.Equal(waiting, want) {
			t.Errorf("%v wait, want %v", waiting, want)
		}
	})
}
