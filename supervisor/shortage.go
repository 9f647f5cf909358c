package supervisor

import (
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// What the gate makes of shortages; its lock is held throughout.

// weigh takes into account what the end of a dial says about shortages.
func (g *gate) weigh(p *permit, reason messages.Reason, now time.Time) {
	descriptors, ports := starved(reason)
	e := p.endpoint
	if g.pause.note(now, p.vanguard, descriptors, reason) {
		g.tellPause("", true, reason, now)
	}
	if e.pause.note(now, p.scout, ports, reason) {
		g.tellPause(e.name, true, reason, now)
	}
	lacked := e.pause.reason
	if e.pause.over(now, e.queue.Len() == 0, g.limits.Concurrent) {
		g.tellPause(e.name, false, lacked, now)
	}
}

// holds reports whether the gate's pause holds an endpoint back, which waits for it
// then, behind those that do already.
func (g *gate) holds(e *endpoint, now time.Time) bool {
	if g.pause.wait(now) == 0 {
		return false
	}
	if !e.paused {
		e.paused = true
		g.paused = append(g.paused, e)
	}
	return true
}

// relay wakes as many of the endpoints that wait as may dial now, and sees to it that
// it is called again when more may.
func (g *gate) relay(now time.Time) {
	lacked := g.pause.reason
	if g.pause.over(now, len(g.paused) == 0, g.limits.Concurrent) {
		g.tellPause("", false, lacked, now)
	}
	wait := g.pause.wait(now)
	for n := g.pause.room(now); len(g.paused) > 0 && wait == 0 && (n > 0 || !g.pause.on()); n-- {
		e := g.paused[0]
		g.paused = g.paused[1:]
		e.paused = false
		e.wake(now, now)
	}
	if len(g.paused) > 0 && wait > 0 && wait < Never {
		g.ringIn(wait)
	}
}

// ringIn calls relay later.
func (g *gate) ringIn(wait time.Duration) {
	if g.alarm != nil {
		g.alarm.Reset(wait)
		return
	}
	g.alarm = time.AfterFunc(wait, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.relay(time.Now())
		g.notify()
	})
}

// tellPause leaves a notice about a pause.
func (g *gate) tellPause(name string, paused bool, reason messages.Reason, now time.Time) {
	if g.closed || g.changed == nil {
		return
	}
	waiting := 0
	for _, e := range g.endpoints {
		if name == "" || name == e.name {
			waiting += e.queue.Len()
		}
	}
	g.notices = append(g.notices, messages.GateChanged{Endpoint: name, Paused: paused, Reason: reason, Waiting: waiting, At: now})
}
