package supervisor

import (
	"errors"
	"math"
	"math/rand/v2"
	"time"
)

// Backoff is full-jitter exponential backoff: after n failures in a row the
// delay is drawn evenly from Floor to Base·2ⁿ, at most Cap. The first retry
// after a stable connection comes within FirstJitter, a planned one within a
// second, and in Suspended it is 0.5 to 1.5 times Suspended. The zero value has
// the defaults; zero fields mean theirs. It is safe for concurrent use.
type Backoff struct {
	Base        time.Duration // 1 s
	Cap         time.Duration // 30 s
	Floor       time.Duration // 250 ms, or a quarter of Base or Cap if that is less
	FirstJitter time.Duration // 250 ms
	Suspended   time.Duration // 30 s

	random *func() float64 // from [0, 1); nil: the global source. A function could not be compared
}

// plannedWindow is over what time planned reconnects are spread.
const plannedWindow = time.Second

// Next implements Strategy.
func (b Backoff) Next(f Failure) Verdict {
	b = b.filled()
	switch {
	case f.Suspended:
		return Verdict{Delay: between(b.Suspended/2, stretch(b.Suspended, 1.5), *b.random)}
	case f.Planned:
		return Verdict{Delay: between(0, plannedWindow, *b.random)}
	case f.Stable && f.Attempt <= 1:
		return Verdict{Delay: between(0, b.FirstJitter, *b.random)}
	}
	return Verdict{Delay: between(b.Floor, b.ceiling(f.Attempt-1), *b.random)}
}

// ceiling is Base·2ⁿ, at most Cap. It compares before it shifts, so that no
// number of failures overflows.
func (b Backoff) ceiling(n int) time.Duration {
	if n <= 0 {
		return min(b.Base, b.Cap)
	}
	if n >= 63 || b.Base > b.Cap>>n {
		return b.Cap
	}
	return b.Base << n
}

func (b Backoff) filled() Backoff {
	b.Base = standard(b.Base, time.Second)
	b.Cap = standard(b.Cap, 30*time.Second)
	b.Floor = min(standard(b.Floor, min(250*time.Millisecond, b.Base/4, b.Cap/4)), b.Cap)
	b.FirstJitter = standard(b.FirstJitter, 250*time.Millisecond)
	b.Suspended = standard(b.Suspended, 30*time.Second)
	if b.random == nil {
		b.random = new(random)
	}
	return b
}

// Check reports everything that is wrong with the fields.
func (b Backoff) Check() error {
	var errs []error
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"Base", b.Base}, {"Cap", b.Cap}, {"Floor", b.Floor}, {"FirstJitter", b.FirstJitter}, {"Suspended", b.Suspended}} {
		if d.value < 0 {
			errs = append(errs, strategyError("Backoff.%s is %s; a duration must not be negative", d.name, d.value))
		}
	}
	if limit := standard(b.Cap, 30*time.Second); limit > 0 && b.Floor > limit {
		errs = append(errs, strategyError("Backoff.Floor %s is above its Cap %s", b.Floor, limit))
	}
	return errors.Join(errs...)
}

// Fixed waits the same time after every failure, in Suspended too, spread by
// Jitter to both sides: 0.1 is ±10 %. It is safe for concurrent use.
type Fixed struct {
	Interval time.Duration // needed
	Jitter   float64       // 0 to 1

	random *func() float64
}

// Next implements Strategy.
func (x Fixed) Next(Failure) Verdict {
	draw := random
	if x.random != nil {
		draw = *x.random
	}
	return Verdict{Delay: stretch(x.Interval, 1+x.Jitter*(2*draw()-1))}
}

// Check reports everything that is wrong with the fields.
func (x Fixed) Check() error {
	var errs []error
	if x.Interval <= 0 {
		errs = append(errs, strategyError("Fixed.Interval is %s; it must be above zero", x.Interval))
	}
	if !(x.Jitter >= 0 && x.Jitter <= 1) {
		errs = append(errs, strategyError("Fixed.Jitter is %v; it is a part of the interval, from 0 to 1", x.Jitter))
	}
	return errors.Join(errs...)
}

// random is where jitter comes from.
func random() float64 { return rand.Float64() }

// between draws evenly from low to high; low if high is not above it.
func between(low, high time.Duration, random func() float64) time.Duration {
	if high <= low {
		return low
	}
	return low + time.Duration(float64(high-low)*random())
}

// stretch multiplies a duration without overflow.
func stretch(d time.Duration, factor float64) time.Duration {
	product := float64(d) * factor
	if product >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(product)
}
