package supervisor

import (
	"sync/atomic"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// permit is the leave to dial once.
type permit struct {
	gate     *gate
	endpoint *endpoint
	probe    bool // of the endpoint's breaker
	scout    bool // of the endpoint's pause
	vanguard bool // of the gate's pause
	returned atomic.Bool
}

// Done implements actors.Permit.
func (p *permit) Done(reason messages.Reason) {
	if !p.returned.CompareAndSwap(false, true) {
		return
	}
	g, e := p.gate, p.endpoint
	g.mu.Lock()
	e.flying--
	now := time.Now()
	if e.breaker.note(now, p.probe, verdictOf(reason)) {
		g.tell(e, e.breaker.open, now)
	}
	g.weigh(p, reason, now)
	g.turn(e)
}

// tell leaves a notice about a breaker. The caller holds the lock.
func (g *gate) tell(e *endpoint, open bool, now time.Time) {
	if g.closed || g.changed == nil {
		return
	}
	g.notices = append(g.notices, messages.EndpointChanged{
		Endpoint: e.name, Open: open, Waiting: e.queue.Len(), At: now,
	})
}

// notify tells about what changed, outside of the lock and in the order
// of the changes, like deliver. The caller holds the lock.
func (g *gate) notify() {
	if g.notifying {
		return
	}
	g.notifying = true
	for len(g.notices) > 0 {
		notice := g.notices[0]
		g.notices = g.notices[1:]
		g.mu.Unlock()
		g.changed(notice)
		g.mu.Lock()
	}
	g.notifying = false
}

// verdict is what the end of a dial says about the endpoint.
type verdict uint8

const (
	neutral verdict = iota // nothing: it ended by our command, or before it reached anybody
	alive                  // somebody answered, with whatever
	down                   // nobody answered, or somebody said that nobody is behind them
)

// verdictOf judges the end of a dial. Whatever keeps a dial from reaching a
// server that answers is down: no name, no connection, no TLS, a proxy that does
// not let us through, silence, a 5xx.
//
// Refused credentials and wrong addresses come from a server that is well: one
// bad tenant must not close the endpoint for all. A 503 comes from a proxy whose
// servers are gone, or from a server that wants fewer dials; either way fewer is
// right. A 429 comes from a server that is well and counts for each tenant. Our
// own limits, our own network and our own bugs say nothing about anybody else.
func verdictOf(reason messages.Reason) verdict {
	switch reason.Code {
	case messages.ReasonDNS, messages.ReasonRefused, messages.ReasonUnreachable, messages.ReasonDialTimeout,
		messages.ReasonTLS, messages.ReasonProxy,
		messages.ReasonReadEOF, messages.ReasonReadError, messages.ReasonWriteError, messages.ReasonWriteTimeout,
		messages.ReasonHandshakeTimeout, messages.ReasonTryLater, messages.ReasonServerError:
		return down
	case messages.ReasonUpgradeStatus:
		if reason.Wire.Code >= 500 {
			return down
		}
		return alive // it answers, if not as we would like
	case messages.ReasonNetworkDown,
		messages.ReasonCredCallbackError, messages.ReasonCredCallbackTimeout, messages.ReasonCredUnavailable:
		return neutral
	default:
		if reason.Class() == messages.ClassLocal || reason.Class() == messages.ClassStarved || reason.Code/100 == 7 {
			return neutral
		}
		return alive
	}
}
