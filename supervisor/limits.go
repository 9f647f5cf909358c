package supervisor

import (
	"errors"
	"math"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// Limits bound the dials to one endpoint, in every window of time: at most
// PerSecond times its length plus Burst, and at most Concurrent at once. Zero
// fields mean the defaults.
type Limits struct {
	PerSecond  float64 // 500
	Burst      int     // 200
	Concurrent int     // 200
}

// BreakerLimits tell when an endpoint counts as down. Zero fields mean the
// defaults.
type BreakerLimits struct {
	Window       time.Duration // outcomes that are looked at: 10 s
	Attempts     int           // at least so many in it: 50
	FailureRatio float64       // of them failed on the way: 0.9
	ProbeEvery   time.Duration // ±50 %: 1 s
	Successes    int           // in a row that close it: 3
}

// Check reports everything that is wrong.
func (l Limits) Check() error {
	return errors.Join(
		within("Limits.PerSecond", l.PerSecond, math.MaxFloat64),
		within("Limits.Burst", float64(l.Burst), math.MaxInt32),
		within("Limits.Concurrent", float64(l.Concurrent), math.MaxInt32),
	)
}

// Check reports everything that is wrong.
func (l BreakerLimits) Check() error {
	return errors.Join(
		within("BreakerLimits.Window", l.Window.Seconds(), time.Hour.Seconds()),
		within("BreakerLimits.Attempts", float64(l.Attempts), math.MaxInt32),
		within("BreakerLimits.FailureRatio", l.FailureRatio, 1),
		within("BreakerLimits.ProbeEvery", l.ProbeEvery.Seconds(), time.Hour.Seconds()),
		within("BreakerLimits.Successes", float64(l.Successes), math.MaxInt32),
	)
}

func within(name string, value, most float64) error {
	if value >= 0 && value <= most {
		return nil
	}
	return &messages.Error{Op: "new fleet", Reason: messages.Because(messages.ReasonInvalidSpec,
		"%s is %v; it must be between 0, which means the default, and %v", name, value, most)}
}

func (l Limits) filled() Limits {
	l.PerSecond = standard(l.PerSecond, 500)
	l.Burst = standard(l.Burst, 200)
	l.Concurrent = standard(l.Concurrent, 200)
	return l
}

func (l BreakerLimits) filled() BreakerLimits {
	l.Window = max(standard(l.Window, 10*time.Second), windowSlots)
	l.Attempts = standard(l.Attempts, 50)
	l.FailureRatio = standard(l.FailureRatio, 0.9)
	l.ProbeEvery = standard(l.ProbeEvery, time.Second)
	l.Successes = standard(l.Successes, 3)
	return l
}

// standard is the value, or what stands for zero.
func standard[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}
