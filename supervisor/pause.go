package supervisor

import (
	"math/rand/v2"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// pause holds dials back while this machine lacks what they need: descriptors, which
// every dial of the process needs, or local ports, which those to one endpoint need.
// Trying again at once cannot help, and costs the process more than it has.
//
// One dial at a time finds out whether that is over, at growing distances. When one
// gets what it needs there may be just that one more, so the way back is gradual: two
// at once, one more for each that succeeds, twice as many each second. It is a pure
// value: time is passed in, and the gate's lock guards it.
type pause struct {
	reason  messages.Reason // what is lacking; the zero Reason: nothing
	delay   time.Duration   // until the next probe, before it is scattered
	until   time.Time       // when that may dial
	probing int             // probes that are out
	width   int             // probes that may be out at once when it healed
	healed  time.Time       // when a probe got through; zero: none has
	touched time.Time       // when the last probe came back
	random  func() float64  // from [0, 1); nil: the global source
}

const (
	shortestPause = time.Second
	longestPause  = 20 * time.Second // 30 s with the scatter
)

// evidence is what the end of a dial says about a shortage.
type evidence uint8

const (
	unclear evidence = iota // nothing: it ended before it needed anything
	lacking
	enough
)

// starved judges the end of a dial: whether the process lacked descriptors, and
// whether there was no local port or address for the endpoint. A lookup needs no port,
// and hides what else it lacked; so a name that is not found says nothing.
func starved(reason messages.Reason) (descriptors, ports evidence) {
	switch code := reason.Code; {
	case code == messages.ReasonFDLimit:
		return lacking, unclear
	case code == messages.ReasonLocalPortsExhausted, code == messages.ReasonLocalAddress:
		return enough, lacking
	case code == messages.ReasonDNS, verdictOf(reason) == neutral:
		return unclear, unclear
	}
	return enough, enough
}

// on reports whether dials are held back.
func (p *pause) on() bool { return !p.reason.IsZero() }

// wait is how long the next dial has to wait: Never is until a probe has come back.
func (p *pause) wait(now time.Time) time.Duration {
	switch {
	case !p.on():
		return 0
	case now.Before(p.until):
		return p.until.Sub(now)
	case p.room(now) > 0:
		return 0
	case p.healed.IsZero():
		return Never
	}
	return time.Second - now.Sub(p.healed)%time.Second
}

// room is how many probes may begin now.
func (p *pause) room(now time.Time) int { return p.breadth(now) - p.probing }

// breadth is how many probes may be out at once.
func (p *pause) breadth(now time.Time) int {
	if p.healed.IsZero() {
		return 1
	}
	return p.width << min(now.Sub(p.healed)/time.Second, 20)
}

// launch notes that a dial begins, and reports whether it is a probe.
func (p *pause) launch() (probe bool) {
	if p.on() {
		p.probing++
	}
	return p.on()
}

// note takes the end of a dial into account and reports whether the pause began by it.
// While it lasts only its probes count: others began before it, and had or lacked what
// there was then. So did the probes that were out when one of them failed.
func (p *pause) note(now time.Time, probe bool, e evidence, reason messages.Reason) (began bool) {
	if probe {
		p.probing--
		p.touched = now
	}
	switch {
	case !p.on() && e == lacking:
		p.reason, p.delay, p.healed, p.touched = reason, 0, time.Time{}, now
		p.back(now)
		return true
	case !p.on(), !probe, now.Before(p.until):
	case e == lacking:
		p.reason, p.healed = reason, time.Time{}
		p.back(now)
	case e == enough && p.healed.IsZero():
		p.healed, p.width, p.delay = now, 2, 0
	case e == enough:
		p.width++
	}
	return false
}

// back sets the time of the next probe.
func (p *pause) back(now time.Time) {
	p.delay = min(max(2*p.delay, shortestPause), longestPause)
	p.until = now.Add(scatter(p.delay, p.random))
}

// over ends a pause that has healed when it holds nobody back any more, or as many may
// dial as ever. It reports whether it did.
func (p *pause) over(now time.Time, idle bool, limit int) bool {
	if !p.on() || p.healed.IsZero() || !idle && p.breadth(now) < limit {
		return false
	}
	*p = pause{random: p.random, probing: p.probing}
	return true
}

// fades is how long a pause should still be remembered when nobody waits and nobody
// dials; 0 is no longer.
func (p *pause) fades(now time.Time) time.Duration {
	if !p.on() {
		return 0
	}
	return max(0, openMemory-now.Sub(p.touched))
}

// scatter spreads a duration evenly over 0.5 to 1.5 of it, so that many processes do
// not probe together.
func scatter(d time.Duration, random func() float64) time.Duration {
	if random == nil {
		random = rand.Float64
	}
	return time.Duration(float64(d) * (0.5 + random()))
}
