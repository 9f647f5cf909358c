package actors

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// approach is what a connection needs until it begins to log in, and lets go of
// then: an idle one has no use for it.
type approach struct {
	permit  Permit         // to be given back when the dial has ended; nil once it was handed on
	pass    string         // the endpoint that the permit is for
	fresh   bool           // nothing can be resumed
	stale   messages.Token // rejected or expired: it logs in with another one
	request transport.AddressRequest

	cancel  context.CancelFunc // ends the address callback or the dial that runs
	target  transport.Target
	token   messages.Token // what it logs in with
	dialing *dialing
}

// prepare asks the credentials and the address callback, in a goroutine of its
// own: they may block. An address that never changes does not.
//
// A callback that ignores its context outlives the attempt. Its answer finds
// nobody; but the next attempt must not start a second one, or a callback that
// hangs would collect goroutines for as long as the channel lives.
func (c *connection) prepare() {
	if c.rec.Credentials == nil && transport.Fixed(c.rec.Address) {
		target, token, err := c.rec.resolveWith(context.Background(), c.request, c.stale)
		c.resolved(resolved{target: target, token: token, err: err})
		return
	}
	if !c.rec.resolving.CompareAndSwap(false, true) {
		c.fail(messages.Because(messages.ReasonCredCallbackTimeout, "the address callback of an earlier attempt has not returned yet; let it watch its context"))
		return
	}
	call, cancel := context.WithTimeout(context.Background(), c.rec.Timeouts.Prepare)
	c.cancel = cancel
	rec, request, stale := c.rec, c.request, c.stale
	rec.Workers.Go(func() {
		defer cancel()
		answer := &resolved{err: callbackError(messages.Because(messages.ReasonCredCallbackError, "the address callback ended its goroutine"), nil)}
		defer func() { // whatever the callback does, runtime.Goexit included
			rec.resolving.Store(false)
			c.tell(answer)
		}()
		target, token, err := rec.resolveWith(call, request, stale)
		answer = &resolved{target: target, token: token, err: err}
	})
}

// resolve calls the address, and turns a panic or rubbish into an error.
func (r *Record) resolve(ctx context.Context, request transport.AddressRequest) (target transport.Target, err error) {
	defer func() {
		if v := recover(); v != nil {
			what := fmt.Sprintf("the address callback panicked: %v", v)
			r.report(what, debug.Stack())
			err = callbackError(messages.Because(messages.ReasonCredCallbackError, "%s", what), nil)
		}
	}()
	target, err = r.Address.Resolve(ctx, request)
	switch {
	case err != nil && ctx.Err() != nil:
		return target, callbackError(messages.Because(messages.ReasonCredCallbackTimeout, "the address callback did not answer in time"), err)
	case err != nil:
		if _, ok := messages.ReasonOf(err); ok {
			return target, err // it said itself what kind of failure this is
		}
		return target, callbackError(messages.Because(messages.ReasonCredCallbackError, "the address callback: %v", err), err)
	}
	if _, err := transport.ParseURL(target.URL); err != nil {
		reason, _ := messages.ReasonOf(err)
		return target, callbackError(messages.Because(messages.ReasonCredCallbackError, "the address callback: %s", reason.Detail), err)
	}
	return target, nil
}

func callbackError(reason messages.Reason, err error) error {
	return &messages.Error{Op: "address", Reason: reason, Err: err}
}

func (c *connection) resolved(m resolved) {
	c.token = m.token
	if m.err != nil {
		reason := transport.ReasonOf(m.err, messages.ReasonCredCallbackError)
		if reason.Class() == messages.ClassLocal {
			reason.Code = messages.ReasonCredCallbackError
		}
		c.release(reason)
		c.fail(reason)
		return
	}
	c.target = m.target
	endpoint := transport.Endpoint(m.target.URL)
	if endpoint != c.pass {
		c.release(messages.Reason{Code: messages.ReasonUserDrop}) // it says nothing about that endpoint
	}
	c.say(&prepared{word: word{from: c}, endpoint: endpoint, token: m.token, own: !m.target.Token.IsZero()})
}

// release gives the permit back.
func (a *approach) release(reason messages.Reason) {
	if a != nil && a.permit != nil {
		a.permit.Done(reason)
		a.permit = nil
	}
}

// dialing is the place where a dialled socket waits for its actor. A socket
// must not travel in a mailbox: the actor may be gone when it arrives, and
// nobody would close it. Here, whoever comes second knows: the dialler that
// finds its actor gone closes the socket itself, and the actor that ends after
// the dial closes what it never took.
type dialing struct {
	mu        sync.Mutex
	conn      transport.Conn
	err       error
	finished  bool
	abandoned func() // the last word, to be said when the socket is closed
}

func (d *dialing) finish(conn transport.Conn, err error) (wanted bool) {
	d.mu.Lock()
	d.conn, d.err, d.finished = conn, err, true
	last := d.abandoned
	d.mu.Unlock()
	if last == nil {
		return true
	}
	closeLate(conn, last)
	return false
}

func (d *dialing) take() (transport.Conn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	conn := d.conn
	d.conn = nil
	return conn, d.err
}

func (d *dialing) abandon(last func()) {
	d.mu.Lock()
	d.abandoned = last
	conn, finished := d.conn, d.finished
	d.mu.Unlock()
	if finished {
		closeLate(conn, last)
	}
}

func closeLate(conn transport.Conn, last func()) {
	if conn == nil {
		last()
		return
	}
	conn.Abort(last)
}

// dial makes the socket, in a goroutine that holds the permit for exactly as
// long as the dial takes, whatever becomes of the actor meanwhile.
func (c *connection) dial(ask *ask) {
	if c.approach == nil {
		return
	}
	if ask != nil {
		c.permit = ask.take()
	}
	if c.target.URL == "" || c.dialing != nil || c.permit == nil {
		return // withdrawn meanwhile: the channel is stopping us
	}
	call, cancel := context.WithTimeout(context.Background(), c.rec.Timeouts.Dial)
	c.cancel = cancel
	c.dialing = &dialing{}
	rec, target, place, permit := c.rec, c.target, c.dialing, c.permit
	c.permit = nil
	rec.Workers.Go(func() {
		defer cancel()
		var conn transport.Conn
		var err error = &messages.Error{Op: "dial", Reason: messages.Because(messages.ReasonActorPanic, "the dialer ended its goroutine")}
		defer func() { // whatever the dialer does, runtime.Goexit included
			permit.Done(dialOutcome(call, err))
			if place.finish(conn, err) {
				c.tell(&dialDone{})
			}
		}()
		conn, err = rec.dial(call, target)
	})
}

// dialOutcome is what a dial tells the gate. One that was cancelled says nothing
// about the endpoint: only our own commands cancel, since the dial's deadline
// comes before the channel's.
func dialOutcome(call context.Context, err error) messages.Reason {
	switch {
	case err == nil:
		return messages.Reason{}
	case errors.Is(call.Err(), context.Canceled):
		return messages.Reason{Code: messages.ReasonUserDrop}
	}
	return transport.ReasonOf(err, messages.ReasonUnreachable)
}

// dial calls the dialer, and turns a panic or rubbish into an error.
func (r *Record) dial(ctx context.Context, target transport.Target) (conn transport.Conn, err error) {
	defer func() {
		if v := recover(); v != nil {
			what := fmt.Sprintf("the dialer panicked: %v", v)
			r.report(what, debug.Stack())
			conn, err = nil, dialError(what)
		}
	}()
	conn, err = r.Dialer.Dial(ctx, target)
	if err == nil && conn == nil {
		err = dialError(fmt.Sprintf("the dialer %T returned neither a connection nor an error", r.Dialer))
	}
	return conn, err
}

func dialError(what string) error {
	return &messages.Error{Op: "dial", Reason: messages.Because(messages.ReasonActorPanic, "%s", what)}
}

func (c *connection) dialDone() {
	conn, err := c.dialing.take()
	c.conn = conn // even one that came with an error: it has to be closed
	if err != nil {
		c.fail(transport.ReasonOf(err, messages.ReasonUnreachable))
		return
	}
	c.say(&dialed{word: word{from: c}})
}
