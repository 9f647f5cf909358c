package supervisor

import (
	"reflect"
	"time"

	"github.com/seed14814784/holdfast/actors"
	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/transport"
)

// terms are what a specification says apart from who it is about. A service opens
// most of its channels on the same few, so all channels of the same terms share
// their rules; only what is a channel's own is kept once per channel.
type terms struct {
	dialer                 transport.Dialer
	protocol               transport.Protocol
	strategy, roomStrategy Strategy

	timeouts  Timeouts
	keepalive Keepalive
	outbox    OutboxLimits
	inbox     InboxLimits
	panics    PanicBudget
	flapping  Flapping
	rooms     RoomLimits

	maxRetries, authThreshold int
	giveUpAfter               time.Duration
	exhausted                 Exhausted
	restart                   Restart
	syncPolicy                lifecycle.SyncPolicy
	borrow, publishReceived   bool
}

// agreement is the rules that follow from terms, and how many channels have them.
type agreement struct {
	actors.Rules
	house    *house
	terms    terms
	channels int // 0: it cannot be found, and is one channel's alone
}

func (s Spec) terms() terms {
	return terms{
		dialer: s.Dialer, protocol: s.Protocol, strategy: s.Strategy, roomStrategy: s.RoomStrategy,
		timeouts: s.Timeouts, keepalive: s.Keepalive, outbox: s.Outbox, inbox: s.Inbox, panics: s.Panics, flapping: s.Flapping, rooms: s.Rooms,
		maxRetries: s.MaxRetries, authThreshold: s.AuthThreshold, giveUpAfter: s.GiveUpAfter, exhausted: s.Exhausted,
		restart: s.Restart, syncPolicy: s.SyncPolicy, borrow: s.Borrow, publishReceived: s.PublishReceived,
	}
}

// comparable reports whether other terms can be told to be the same. Functions
// and maps cannot be compared.
func (t terms) comparable() bool {
	for _, part := range []any{t.dialer, t.protocol, t.strategy, t.roomStrategy} {
		if part != nil && !reflect.ValueOf(part).Comparable() {
			return false
		}
	}
	return true
}

// agree gives the rules of a complete specification. The caller holds the lock.
func (h *house) agree(s Spec) *agreement {
	t := s.terms()
	if !t.comparable() {
		return &agreement{Rules: h.rules(s), house: h}
	}
	a := h.agreements[t]
	if a == nil {
		a = &agreement{Rules: h.rules(s), house: h, terms: t}
		h.agreements[t] = a
	}
	a.channels++
	return a
}

// part forgets rules that no channel has any more. The caller holds the lock.
func (h *house) part(a *agreement) {
	if a.channels--; a.channels == 0 {
		delete(h.agreements, a.terms)
	}
}
