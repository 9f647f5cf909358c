package actors

import (
	"math"
	"sync"
	"time"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
)

// portrait is what a channel shows of itself, apart from the counters that other
// goroutines keep. The one that observers know is also the one that the channel
// works with, until it changes something: see sketch.
type portrait struct {
	seq      uint64
	status   messages.Status
	degraded bool // Ready, although catching up was not completed
	attempt  int32
	reason   *messages.Reason // of the last change; nil: it needs none
	since    time.Time        // when the status was entered
	retryIn  time.Duration    // counted from then; 0: nothing is tried again
	attempts uint64
	epoch    messages.Epoch
	node     string
	reached  *string // endpoint of the last address
}

func (p *portrait) because(reason messages.Reason) {
	p.reason = nil
	if reason != (messages.Reason{}) {
		kept := reason // nothing is kept of most
		p.reason = &kept
	}
}

// retries notes that the next attempt comes at a time; it may be past.
func (p *portrait) retries(at time.Time) { p.retryIn = max(at.Sub(p.since), 1) }

func (p *portrait) retryAt() time.Time {
	if p.retryIn == 0 {
		return time.Time{}
	}
	return p.since.Add(p.retryIn)
}

func (p *portrait) why() messages.Reason {
	if p.reason == nil {
		return messages.Reason{}
	}
	return *p.reason
}

// portraits are used again when they are not shown any more. Who looks at the one that
// is shown holds mu, or is the channel.
var portraits = sync.Pool{New: func() any { return new(portrait) }}

// sketch is the portrait to come, which nobody has seen.
func (r *Record) sketch() *portrait {
	if r.now == r.shown.Load() {
		copied := portraits.Get().(*portrait)
		*copied = *r.now
		r.now = copied
	}
	return r.now
}

// sitting is the sketch with the state as it is now, to be shown when it is
// published.
func (r *Record) sitting(state lifecycle.State) (show func()) {
	p := r.sketch()
	p.status, p.attempt, p.epoch = state.Status, int32(min(state.Attempt, math.MaxInt32)), state.Epoch
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		last := r.shown.Swap(p)
		*last = portrait{}
		portraits.Put(last)
	}
}

// Snapshot is the channel's state as observers were last told, with counters of
// this moment. It never blocks on the channel.
func (r *Record) Snapshot() messages.Snapshot {
	r.mu.Lock()
	p := *r.shown.Load()
	r.mu.Unlock()
	s := messages.Snapshot{
		Channel: r.Channel, Seq: p.seq, Status: p.status, Reason: p.why(), Since: p.since,
		Attempt: int(p.attempt), RetryAt: p.retryAt(), Epoch: p.epoch, Node: p.node,
		Degraded: p.degraded, Endpoint: *p.reached, Attempts: p.attempts,
	}
	s.Waiting, s.Bytes = r.outbox.Depth()
	s.Sent = r.outbox.Sent()
	s.Delivered = r.inbox.count()
	s.RTT = time.Duration(r.rtt.Load())
	s.Stale = r.stale.Load()
	r.mu.Lock()
	if r.mishaps != nil {
		s.Panics = r.mishaps.count
	}
	r.mu.Unlock()
	return s
}
