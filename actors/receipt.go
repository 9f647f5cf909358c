package actors

import (
	"context"
	"sync"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// Receipt is the promise that came back from a send: exactly one outcome will
// arrive in it. It is safe for concurrent use.
type Receipt struct {
	id      messages.MessageID
	channel messages.ChannelID
	room    messages.RoomID

	mu     sync.Mutex
	result messages.Result  // pending at first
	reason *messages.Reason // nil: it needs none
	meta   any
	at     time.Time
	done   chan struct{} // made when somebody waits
}

// ID is the message's number within its channel.
func (r *Receipt) ID() messages.MessageID { return r.id }

// Outcome is what became of the message, and false while that is not known.
func (r *Receipt) Outcome() (messages.Outcome, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.result == messages.ResultPending {
		return messages.Outcome{}, false
	}
	outcome := messages.Outcome{Channel: r.channel, Room: r.room, ID: r.id, Result: r.result, Meta: r.meta, At: r.at}
	if r.reason != nil {
		outcome.Reason = *r.reason
	}
	return outcome, true
}

// Done is closed when the outcome is known.
func (r *Receipt) Done() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done == nil {
		r.done = make(chan struct{})
		if r.result != messages.ResultPending {
			close(r.done)
		}
	}
	return r.done
}

// Wait blocks until the outcome is known or ctx ends. An outcome that is not OK
// is no error: look at its Result.
func (r *Receipt) Wait(ctx context.Context) (messages.Outcome, error) {
	if outcome, ok := r.Outcome(); ok {
		return outcome, nil
	}
	select {
	case <-r.Done():
		outcome, _ := r.Outcome()
		return outcome, nil
	case <-ctx.Done():
		return messages.Outcome{}, ctx.Err()
	}
}

func (r *Receipt) settle(outcome messages.Outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.result != messages.ResultPending {
		return
	}
	r.result, r.meta, r.at = outcome.Result, outcome.Meta, outcome.At
	if outcome.Reason != (messages.Reason{}) {
		reason := outcome.Reason // most have none
		r.reason = &reason
	}
	if r.done != nil {
		close(r.done)
	}
}
