package supervisor

import (
	"math/rand/v2"
	"time"
)

// breaker notices that an endpoint is down for everybody, and then lets only
// probes through: one at a time, about one per second, until some have got
// through in a row. Afterwards the limits open slowly, so that a server that has
// just come up is not knocked down again. It is a pure value: time is passed in.
//
// sony/gobreaker, which was looked at first, answers "may this call be made"
// and refuses the others; here the others wait in a queue, the probes are
// spaced in time rather than by a timeout after which all may try, and the way
// back is gradual.
type breaker struct {
	limits    BreakerLimits
	open      bool
	probing   bool      // a probe is out
	nextProbe time.Time // while open
	inARow    int       // probes that got through
	closedAt  time.Time // the slow start counts from here; zero: never was open
	window    [windowSlots]tally
	random    func() float64
}

// windowSlots is how finely the window of outcomes is cut.
const windowSlots = 10

// tally counts the outcomes of one slot of time.
type tally struct {
	slot        int64
	total, down int
}

// allows reports whether the next dial would be a probe, and how long it has to
// wait: 0 is now, below zero is until a probe has come back.
func (b *breaker) allows(now time.Time) (probe bool, wait time.Duration) {
	switch {
	case !b.open:
		return false, 0
	case b.probing:
		return true, -1
	}
	if wait := b.nextProbe.Sub(now); wait > 0 {
		return true, wait
	}
	b.probing = true
	return true, 0
}

// note takes the end of a dial into account and reports whether the breaker
// opened or closed by it.
func (b *breaker) note(now time.Time, probe bool, v verdict) (changed bool) {
	if probe {
		b.probing = false
		b.nextProbe = now.Add(b.scatter(b.limits.ProbeEvery))
	}
	if v == neutral {
		return false
	}
	if b.open {
		return b.recover(now, probe, v)
	}
	slot := now.UnixNano() / int64(b.limits.Window/windowSlots)
	t := &b.window[slot%windowSlots]
	if t.slot != slot {
		*t = tally{slot: slot}
	}
	t.total++
	if v == down {
		t.down++
	}
	total, failed := b.recent(slot)
	if total < b.limits.Attempts || float64(failed) < b.limits.FailureRatio*float64(total) {
		return false
	}
	b.open, b.inARow = true, 0
	b.nextProbe = now.Add(b.scatter(b.limits.ProbeEvery))
	return true
}

// recover judges an outcome while the breaker is open. Dials that were on their
// way when it opened can only help: their failures are what opened it.
func (b *breaker) recover(now time.Time, probe bool, v verdict) (closed bool) {
	switch {
	case v == alive:
		b.inARow++
	case probe:
		b.inARow = 0
	}
	if b.inARow < b.limits.Successes {
		return false
	}
	b.open, b.closedAt = false, now
	b.window = [windowSlots]tally{}
	return true
}

func (b *breaker) recent(slot int64) (total, failed int) {
	for _, t := range b.window {
		if slot-t.slot < windowSlots {
			total += t.total
			failed += t.down
		}
	}
	return total, failed
}

// share is the part of the limits that is open: a tenth when the breaker has
// just closed, twice as much every second, until it is all.
func (b *breaker) share(now time.Time) float64 {
	if b.closedAt.IsZero() {
		return 1
	}
	share := slowStart
	for since := now.Sub(b.closedAt); since >= time.Second && share < 1; since -= time.Second {
		share *= 2
	}
	return min(share, 1)
}

// slowStart is the part of the limits that is open right after an outage.
const slowStart = 0.1

// fades is how long the breaker still has something to remember.
func (b *breaker) fades(now time.Time) time.Duration {
	if b.open {
		return b.limits.Window
	}
	slot := now.UnixNano() / int64(b.limits.Window/windowSlots)
	if total, _ := b.recent(slot); total > 0 || b.share(now) < 1 {
		return b.limits.Window
	}
	return 0
}

// scatter spreads a duration evenly over 0.5 to 1.5 of it, so that many
// processes do not probe together.
func (b *breaker) scatter(d time.Duration) time.Duration {
	random := b.random
	if random == nil {
		random = rand.Float64
	}
	return time.Duration(float64(d) * (0.5 + random()))
}
