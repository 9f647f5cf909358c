package supervisor

import "time"

// breaker notices that an endpoint is down for everybody: most dials of some time
// failed, or the last so many did, whatever was before. Then it lets only probes
// through: one at a time, about one per second, until one gets through, and then some
// more, one after the other. Afterwards the limits open slowly, so that a server that has
// just come up is not knocked down again. It is a pure value: time is passed in,
// and the gate's lock guards it.
//
// sony/gobreaker, which was looked at first, answers "may this call be made"
// and refuses the others; here the others wait in a queue, the probes are
// spaced in time rather than by a timeout after which all may try, and the way
// back is gradual.
type breaker struct {
	limits    BreakerLimits
	born      time.Time // the slots of the window are counted from here
	open      bool
	probing   bool      // a probe is out
	nextProbe time.Time // while open
	inARow    int       // while open, probes that got through; else dials that failed
	touched   time.Time // when it opened, or the last probe came back
	closedAt  time.Time // the slow start counts from here; zero: never was open
	window    [windowSlots]tally
	random    func() float64 // from [0, 1); nil: the global source
}

// windowSlots is how finely the window of outcomes is cut.
const windowSlots = 10

// tally counts the outcomes of one slot of time.
type tally struct {
	slot        int64
	total, down int
}

// wait is how long the next dial has to wait for the breaker: Never is until
// the probe that is out has come back.
func (b *breaker) wait(now time.Time) time.Duration {
	switch {
	case !b.open:
		return 0
	case b.probing:
		return Never
	}
	return max(0, b.nextProbe.Sub(now))
}

// launch notes that a dial begins, and reports whether it is a probe. Probes
// are spaced from start to start: one that waits for its timeout delays the
// next, but does not add to the distance.
func (b *breaker) launch(now time.Time) (probe bool) {
	if !b.open {
		return false
	}
	b.probing = true
	b.nextProbe = now.Add(b.scatter(b.limits.ProbeEvery))
	return true
}

// note takes the end of a dial into account and reports whether the breaker
// opened or closed by it.
//
// While the breaker is open only its probes count. Up to Concurrent dials are on
// their way when it opens, and where one in twenty gets through there are enough
// of those among them to close it at once, and open it again, and so on.
func (b *breaker) note(now time.Time, probe bool, v verdict) (changed bool) {
	if probe {
		b.probing, b.touched = false, now
	}
	switch {
	case v == neutral:
		return false
	case b.open:
		return probe && b.recover(now, v)
	}
	slot := b.slot(now)
	t := &b.window[slot%windowSlots]
	if t.slot != slot {
		*t = tally{slot: slot}
	}
	t.total++
	if b.inARow++; v == down {
		t.down++
	} else {
		b.inARow = 0
	}
	total, failed := b.recent(slot)
	run := min(b.inARow, failed) // of those that are not too long ago
	if run < b.limits.Attempts && (total < b.limits.Attempts || float64(failed) < b.limits.FailureRatio*float64(total)) {
		return false
	}
	b.open, b.inARow, b.touched = true, 0, now
	b.nextProbe = now.Add(b.scatter(b.limits.ProbeEvery))
	return true
}

// recover judges a probe and reports whether it closed the breaker.
func (b *breaker) recover(now time.Time, v verdict) (closed bool) {
	if v == down {
		b.inARow = 0
		return false
	}
	if b.inARow++; b.inARow < b.limits.Successes {
		b.nextProbe = now
		return false
	}
	b.open, b.inARow, b.closedAt = false, 0, now
	b.window = [windowSlots]tally{}
	return true
}

// slot numbers the slot of the window that now is in, by the monotonic clock.
func (b *breaker) slot(now time.Time) int64 {
	return int64(now.Sub(b.born) / (b.limits.Window / windowSlots))
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

// share is the part of the rate that is open: a tenth when the breaker has just
// closed, twice as much every second, until it is all.
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

// slowStart is the part of the rate that is open right after an outage.
const slowStart = 0.1

// fades is how long the breaker should still be remembered when nobody waits
// and nobody dials; 0 is no longer.
func (b *breaker) fades(now time.Time) time.Duration {
	if b.open {
		return max(0, openMemory-now.Sub(b.touched))
	}
	if total, _ := b.recent(b.slot(now)); total > 0 {
		return b.limits.Window
	}
	if b.share(now) < 1 {
		return time.Second
	}
	return 0
}

// openMemory is how long an open breaker outlives the last who asked: longer
// than a suspended channel waits by default, which is 45 s at most.
const openMemory = time.Minute

func (b *breaker) scatter(d time.Duration) time.Duration { return scatter(d, b.random) }
