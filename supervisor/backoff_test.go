package supervisor

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed14814784/holdfast/messages"
)

const ms = time.Millisecond

// always draws the same number.
func always(x float64) func() float64 { return func() float64 { return x } }

// highest is the largest number that a source from [0, 1) draws.
var highest = math.Nextafter(1, 0)

func TestBackoffDrawsEvenlyFromFloorToADoublingCeiling(t *testing.T) {
	type delays struct{ least, middle, most time.Duration }
	for sentence, test := range map[string]struct {
		backoff Backoff
		failure Failure
		want    delays
	}{
		"the first failure waits up to the base":                    {Backoff{}, Failure{Attempt: 1}, delays{250 * ms, 625 * ms, time.Second}},
		"the second twice as long":                                  {Backoff{}, Failure{Attempt: 2}, delays{250 * ms, 1125 * ms, 2 * time.Second}},
		"the third four times":                                      {Backoff{}, Failure{Attempt: 3}, delays{250 * ms, 2125 * ms, 4 * time.Second}},
		"the fifth sixteen times":                                   {Backoff{}, Failure{Attempt: 5}, delays{250 * ms, 8125 * ms, 16 * time.Second}},
		"the sixth meets the cap":                                   {Backoff{}, Failure{Attempt: 6}, delays{250 * ms, 15125 * ms, 30 * time.Second}},
		"and every later one":                                       {Backoff{}, Failure{Attempt: 1 << 30}, delays{250 * ms, 15125 * ms, 30 * time.Second}},
		"no failure counts like the first":                          {Backoff{}, Failure{}, delays{250 * ms, 625 * ms, time.Second}},
		"after a stable connection it is quick":                     {Backoff{}, Failure{Attempt: 1, Stable: true}, delays{0, 125 * ms, 250 * ms}},
		"a plan spreads over a second":                              {Backoff{}, Failure{Planned: true}, delays{0, 500 * ms, time.Second}},
		"a plan after a stable connection too":                      {Backoff{}, Failure{Planned: true, Stable: true}, delays{0, 500 * ms, time.Second}},
		"a long outage waits around half a minute":                  {Backoff{}, Failure{Attempt: 9, Suspended: true}, delays{15 * time.Second, 30 * time.Second, 45 * time.Second}},
		"a long outage counts for more than a plan":                 {Backoff{}, Failure{Planned: true, Suspended: true}, delays{15 * time.Second, 30 * time.Second, 45 * time.Second}},
		"a short cap has a short floor":                             {Backoff{Cap: 100 * ms}, Failure{Attempt: 3}, delays{25 * ms, 62500 * time.Microsecond, 100 * ms}},
		"a short base too":                                          {Backoff{Base: 80 * ms}, Failure{Attempt: 1}, delays{20 * ms, 50 * ms, 80 * ms}},
		"a floor that is named holds against a ceiling below it":    {Backoff{Base: 80 * ms, Floor: 250 * ms}, Failure{Attempt: 1}, delays{250 * ms, 250 * ms, 250 * ms}},
		"a stable connection that ends after failures is no news":   {Backoff{}, Failure{Attempt: 2, Stable: true}, delays{250 * ms, 1125 * ms, 2 * time.Second}},
		"a base above the cap waits up to the cap":                  {Backoff{Base: time.Minute, Cap: 10 * time.Second, Floor: 2 * time.Second}, Failure{Attempt: 1}, delays{2 * time.Second, 6 * time.Second, 10 * time.Second}},
		"every number can be chosen: the first jitter":              {Backoff{FirstJitter: 80 * ms}, Failure{Stable: true}, delays{0, 40 * ms, 80 * ms}},
		"every number can be chosen: the wait in Suspended":         {Backoff{Suspended: 2 * time.Minute}, Failure{Suspended: true}, delays{time.Minute, 2 * time.Minute, 3 * time.Minute}},
		"the largest cap does not overflow":                         {Backoff{Base: math.MaxInt64, Cap: math.MaxInt64, Floor: 1}, Failure{Attempt: 70}, delays{1, 1<<62 + 1, math.MaxInt64}},
		"the largest wait in Suspended is at most the longest time": {Backoff{Suspended: math.MaxInt64}, Failure{Suspended: true}, delays{math.MaxInt64 / 2, 0, math.MaxInt64}},
	} {
		next := func(x float64) time.Duration {
			b := test.backoff
			b.random = new(always(x))
			v := b.Next(test.failure)
			if v.GiveUp != messages.ReasonOK || v.Suspend {
				t.Errorf("%s: it decided more than a delay: %+v", sentence, v)
			}
			return v.Delay
		}
		got := delays{next(0), next(0.5), next(highest)}
		if got.most < test.want.most && test.want.most-got.most < 2000 { // the largest draw is a little less than 1
			got.most = test.want.most
		}
		if test.want.middle == 0 {
			got.middle = 0
		}
		if got != test.want {
			t.Errorf("%s: got %v, want %v", sentence, got, test.want)
		}
	}
}

func TestBackoffIsEven(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for sentence, test := range map[string]struct {
		failure     Failure
		least, most time.Duration
	}{
		"counted":   {Failure{Attempt: 4}, 250 * ms, 8 * time.Second},
		"stable":    {Failure{Attempt: 1, Stable: true}, 0, 250 * ms},
		"planned":   {Failure{Planned: true}, 0, time.Second},
		"suspended": {Failure{Suspended: true}, 15 * time.Second, 45 * time.Second},
	} {
		const n = 20_000
		draws := make([]time.Duration, n)
		sum := 0.0
		for i := range draws {
			draws[i] = Backoff{random: new(r.Float64)}.Next(test.failure).Delay
			sum += float64(draws[i])
		}
		slices.Sort(draws)
		if draws[0] < test.least || draws[n-1] > test.most {
			t.Errorf("%s: drawn from %s to %s", sentence, draws[0], draws[n-1])
		}
		span := float64(test.most - test.least)
		near := func(what string, got, part float64) {
			// Four standard deviations of the mean, and of a quartile, of n even draws.
			if want := float64(test.least) + part*span; math.Abs(got-want) > span*4*0.5/math.Sqrt(n) {
				t.Errorf("%s: the %s is %s, want about %s", sentence, what, time.Duration(got), time.Duration(want))
			}
		}
		near("mean", sum/n, 0.5)
		near("first quartile", float64(draws[n/4]), 0.25)
		near("median", float64(draws[n/2]), 0.5)
		near("third quartile", float64(draws[3*n/4]), 0.75)
	}
}

func TestBackoffStaysInBoundsForEveryNumberOfFailures(t *testing.T) {
	attempts := []int{1 << 30, math.MaxInt32, math.MaxInt, math.MinInt, -1}
	for n := range 71 {
		attempts = append(attempts, n)
	}
	for _, b := range []Backoff{{}, {Base: 1, Cap: math.MaxInt64}, {Base: 3, Cap: 1 << 62}, {Base: time.Hour, Cap: time.Minute}} {
		limit := b.filled()
		last := time.Duration(0)
		for _, n := range attempts {
			for _, x := range []float64{0, 0.5, highest} {
				b.random = new(always(x))
				d := b.Next(Failure{Attempt: n}).Delay
				if d < 0 || d > limit.Cap {
					t.Fatalf("%+v waits %s after %d failures", b, d, n)
				}
			}
		}
		for n := range 71 {
			if c := limit.ceiling(n); c < last || c > limit.Cap {
				t.Fatalf("%+v: the ceiling of %d failures is %s after %s", b, n, c, last)
			} else {
				last = c
			}
		}
		if last != limit.Cap {
			t.Errorf("%+v never reaches its cap: %s", b, last)
		}
	}
}

// Invariant 21: 0 <= delay <= Cap, or from Retry-After to 1.2 times that when
// it is larger, for any number of failures.
func TestADelayIsWithinItsCapOrTheServersWish(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		span := rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(rapid.OneOf(rapid.Int64Range(0, int64(time.Hour)), rapid.Int64Range(0, math.MaxInt64)).Draw(t, "duration"))
		})
		b := Backoff{
			Base: span.Draw(t, "base"), Cap: span.Draw(t, "cap"),
			FirstJitter: span.Draw(t, "first"), Suspended: span.Draw(t, "suspended"),
			random: new(always(rapid.Float64Range(0, highest).Draw(t, "draw"))),
		}
		f := Failure{
			Attempt: rapid.Int().Draw(t, "attempt"), Elapsed: span.Draw(t, "elapsed"), LastDelay: span.Draw(t, "last"),
			Stable: rapid.Bool().Draw(t, "stable"), Planned: rapid.Bool().Draw(t, "planned"), Suspended: rapid.Bool().Draw(t, "long"),
			Reason: messages.Reason{Code: messages.ReasonTryLater, RetryAfter: span.Draw(t, "retry after")},
		}
		b.Floor = time.Duration(rapid.Int64Range(0, int64(standard(b.Cap, 30*time.Second))).Draw(t, "floor"))
		if err := b.Check(); err != nil {
			t.Fatal(err)
		}
		filled := b.filled()
		most := filled.Cap
		switch {
		case f.Suspended:
			most = stretch(filled.Suspended, 1.5)
		case f.Planned:
			most = plannedWindow
		case f.Stable && f.Attempt <= 1:
			most = filled.FirstJitter
		}
		asked := f.Reason.RetryAfter
		d := honourRetryAfter(b, always(rapid.Float64Range(0, highest).Draw(t, "spread"))).Next(f).Delay
		if d < asked || d > max(most, stretch(asked, 1.2)) {
			t.Fatalf("%+v waits %s after %+v, at most %s", b, d, f, most)
		}
	})
}

func TestFixedWaitsItsIntervalGiveOrTakeItsJitter(t *testing.T) {
	for sentence, test := range map[string]struct {
		fixed Fixed
		draw  float64
		want  time.Duration
	}{
		"without jitter always the same": {Fixed{Interval: 5 * time.Second}, highest, 5 * time.Second},
		"at least":                       {Fixed{Interval: 5 * time.Second, Jitter: 0.2}, 0, 4 * time.Second},
		"in the middle":                  {Fixed{Interval: 5 * time.Second, Jitter: 0.2}, 0.5, 5 * time.Second},
		"at most":                        {Fixed{Interval: 5 * time.Second, Jitter: 0.2}, 1, 6 * time.Second},
		"from nothing":                   {Fixed{Interval: 5 * time.Second, Jitter: 1}, 0, 0},
		"to the double":                  {Fixed{Interval: 5 * time.Second, Jitter: 1}, 1, 10 * time.Second},
		"without overflow":               {Fixed{Interval: math.MaxInt64, Jitter: 1}, 1, math.MaxInt64},
	} {
		test.fixed.random = new(always(test.draw))
		for _, f := range []Failure{{}, {Attempt: 1 << 30}, {Stable: true}, {Planned: true}, {Suspended: true}} {
			if got := test.fixed.Next(f); got != (Verdict{Delay: test.want}) {
				t.Errorf("%s: %+v for %+v, want %s", sentence, got, f, test.want)
			}
		}
	}
}
