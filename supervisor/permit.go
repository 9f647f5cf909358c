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
	probe    bool
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
	if e.breaker.note(time.Now(), p.probe, verdictOf(reason)) {
		g.notices = append(g.notices, messages.EndpointChanged{
			Endpoint: e.name, Open: e.breaker.open, Waiting: e.queue.Len(), At: time.Now(),
		})
	}
	g.mu.Unlock()
	g.notify()
	g.turn(e)
}

// notify tells about breakers that changed, outside the lock and in the order
// of the changes: whoever finds somebody at it leaves its notice to them.
func (g *gate) notify() {
	g.mu.Lock()
	defer g.mu.Unlock()
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
	g.notices, g.notifying = nil, false
}

// verdict is what the end of a dial says about the endpoint.
type verdict uint8

const (
	neutral verdict = iota // nothing: it ended by our command, or before it reached anybody
	alive                  // somebody answered, with whatever
	down                   // nobody answered, or somebody said that nobody is behind them
)

// verdictOf judges the end of a dial. Refused credentials and wrong addresses
// come from a server that is well: one bad tenant must not close the endpoint
// for all. A 503 comes from a proxy whose servers are gone, or from a server
// that wants fewer dials; either way fewer is right. Our own limits say nothing
// about anybody else.
func verdictOf(reason messages.Reason) verdict {
	switch reason.Code {
	case messages.ReasonDNS, messages.ReasonRefused, messages.ReasonUnreachable, messages.ReasonDialTimeout,
		messages.ReasonUpgradeStatus, messages.ReasonReadEOF, messages.ReasonReadError, messages.ReasonWriteError,
		messages.ReasonWriteTimeout, messages.ReasonHandshakeTimeout, messages.ReasonServerError, messages.ReasonTryLater:
		return down
	case messages.ReasonLocalPortsExhausted, messages.ReasonFDLimit, messages.ReasonActorPanic,
		messages.ReasonCredCallbackError, messages.ReasonCredCallbackTimeout, messages.ReasonCredUnavailable:
		return neutral
	}
	if reason.Class() == messages.ClassLocal {
		return neutral
	}
	return alive
}
