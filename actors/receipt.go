package actors

import (
	"context"
	"sync"

	"github.com/seed14814784/holdfast/messages"
)

// Receipt is the promise that came back from a send: exactly one outcome will
// arrive in it. It is safe for concurrent use.
type Receipt struct {
	id messages.MessageID

	mu      sync.Mutex
	outcome messages.Outcome // zero Result: pending
	done    chan struct{}    // made when somebody waits
}

// ID is the message's number within its channel.
func (r *Receipt) ID() messages.MessageID { return r.id }

// Outcome is what became of the message, and false while that is not known.
func (r *Receipt) Outcome() (messages.Outcome, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.outcome, r.outcome.Result != messages.ResultPending
}

// Done is closed when the outcome is known.
func (r *Receipt) Done() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done == nil {
		r.done = make(chan struct{})
		if r.outcome.Result != messages.ResultPending {
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
	if r.outcome.Result != messages.ResultPending {
		return
	}
	r.outcome = outcome
	if r.done != nil {
		close(r.done)
	}
}
