package supervisor

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/seed14814784/holdfast/actors"
	"github.com/seed14814784/holdfast/messages"
)

// keeper is how one channel asks its credentials. The goroutine of a call of
// Fetch belongs to the fleet whose channel asked first, which waits for it when
// it closes.
type keeper struct {
	*Credentials
	workers *actors.Workers
	report  func(what string, stack []byte)
}

var _ actors.Credentials = keeper{}

// call is one call of Fetch, from its beginning until the function returns.
type call struct {
	ctx       context.Context
	cancel    context.CancelFunc
	waiting   int            // who wants to know
	abandoned bool           // nobody did, and it was cancelled
	overtaken bool           // a token came from outside meanwhile
	done      chan struct{}  // closed when it has returned
	token     messages.Token // what it returned
	err       error
}

// Put implements actors.Credentials.
func (k keeper) Put(token messages.Token) error { return k.put(token) }

// Token implements actors.Credentials: the token that is kept, if it will do;
// else what the call of Fetch brings that is under way; else that of a new one,
// as soon as there may be one.
func (k keeper) Token(ctx context.Context, stale messages.Token) (messages.Token, error) {
	for {
		k.mu.Lock()
		token := k.newest()
		switch {
		case token.Secret != (messages.Secret{}) && token != stale && !token.Expired(time.Now()):
			k.mu.Unlock()
			return token, nil
		case k.Fetch == nil:
			k.mu.Unlock()
			return k.only(token)
		}
		if k.change == nil {
			k.change = make(chan struct{})
		}
		change := k.change
		if pause := time.Until(k.begun.Add(k.interval())); k.call == nil && !k.begun.IsZero() && pause > 0 {
			k.mu.Unlock()
			if err := k.wait(ctx, pause, change); err != nil {
				return messages.Token{}, err
			}
			continue
		}
		if k.call == nil {
			k.begin(token)
		}
		call := k.call
		if !call.abandoned {
			call.waiting++
		}
		k.mu.Unlock()
		if answered, token, err := k.await(ctx, call, change); answered {
			return token, err
		}
	}
}

// wait lets time pass until Fetch may be called again.
func (k keeper) wait(ctx context.Context, pause time.Duration, change <-chan struct{}) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-change:
	case <-ctx.Done():
		return k.failure(messages.ReasonCredCallbackTimeout, ctx.Err(), "the credentials callback was called less than MinInterval ago, which is %s", k.interval())
	}
	return nil
}

// await waits for a call. It has no answer if there is a better one: a token
// came from outside, or the call was cancelled because nobody wanted it.
//
// A call that went on after its time has no answer either, but is still there:
// who comes then is told at once.
func (k keeper) await(ctx context.Context, call *call, change <-chan struct{}) (answered bool, token messages.Token, err error) {
	late := call.ctx.Done()
	k.mu.Lock()
	if call.abandoned {
		late = nil // it will be over soon, and then there is another one
	}
	k.mu.Unlock()
	select {
	case <-call.done:
	case <-change:
		k.leave(call)
		return false, token, nil
	case <-late:
		select {
		case <-call.done: // both are true
		default:
			k.leave(call)
			return true, token, k.late(call.ctx.Err())
		}
	case <-ctx.Done():
		k.leave(call)
		return true, token, k.late(ctx.Err())
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return !call.abandoned && !call.overtaken, call.token, call.err
}

func (k keeper) late(err error) error {
	return k.failure(messages.ReasonCredCallbackTimeout, err, "the credentials callback did not answer in time; let it watch its context")
}

// leave waits no longer. A call that nobody waits for is cancelled: it may be the
// last thing that a fleet, which is closing, waits for.
func (k keeper) leave(call *call) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if call.abandoned {
		return
	}
	if call.waiting--; call.waiting == 0 && call.ctx.Err() == nil {
		call.abandoned = true
		call.cancel()
	}
}

// begin calls Fetch in a goroutine. The caller holds the lock.
func (k keeper) begin(last messages.Token) {
	timeout := standard(k.Timeout, 10*time.Second)
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	call := &call{ctx: ctx, cancel: cancel, done: make(chan struct{})}
	k.call, k.begun = call, time.Now()
	k.workers.Go(func() {
		defer cancel()
		call.err = k.failure(messages.ReasonCredCallbackError, nil, "the credentials callback ended its goroutine")
		defer func() { // whatever the callback does, runtime.Goexit included
			k.mu.Lock()
			defer k.mu.Unlock()
			if call.err == nil && !call.overtaken {
				k.kept = call.token // also one that came late: it is as good as any
			}
			k.call = nil
			close(call.done)
		}()
		call.token, call.err = k.fetch(ctx, last)
	})
}

// fetch calls Fetch, and turns a panic or rubbish into an error.
func (k keeper) fetch(ctx context.Context, last messages.Token) (token messages.Token, err error) {
	defer func() {
		if v := recover(); v != nil {
			what := last.Secret.Hide(fmt.Sprintf("the credentials callback panicked: %v", v))
			k.report(k.String()+": "+what, debug.Stack())
			token, err = messages.Token{}, k.failure(messages.ReasonCredCallbackError, nil, "%s", what)
		}
	}()
	token, err = k.Fetch(ctx, TokenRequest{Identity: k.Identity, Last: last})
	reason, says := messages.ReasonOf(err)
	hide := func(r messages.Reason) messages.Reason { return token.Hide(last.Hide(r)) }
	switch {
	case err != nil && ctx.Err() != nil:
		return messages.Token{}, k.late(ctx.Err())
	case says:
		return messages.Token{}, &messages.Error{Op: k.String(), Reason: hide(reason)} // it said itself what kind of failure this is
	case err != nil:
		reason = hide(messages.Because(messages.ReasonCredCallbackError, "the credentials callback: %v", err))
		return messages.Token{}, &messages.Error{Op: k.String(), Reason: reason}
	case token.Secret == (messages.Secret{}):
		return messages.Token{}, k.failure(messages.ReasonCredCallbackError, nil, "the credentials callback answered with an empty token")
	case token.Expired(time.Now()):
		return messages.Token{}, k.failure(messages.ReasonCredCallbackError, nil, "the credentials callback answered with a token that expired at %s", token.Expires.Format(time.RFC3339))
	}
	return token, nil
}

func (k keeper) interval() time.Duration { return standard(k.MinInterval, time.Second) }
