package actors

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
)

// Syncer brings a channel up to date: it is called after every login, while the
// channel is Syncing, and fetches what was said while nobody was there. Sends and
// rooms wait until it returns, and so does what comes over the connection: the
// handler is given that after everything the Syncer delivers.
//
// An error, a panic and Timeouts.Sync end the Syncing as the policy says. ctx
// ends with the Syncing, whatever ended it; a Syncer that does not watch it is
// not called again before it has returned. What had come over the connection is
// given to the handler when the Syncing ends, also if that is with an error: then
// it comes before what the next login catches up with.
//
// It may call anything but Close and Drain of the fleet, which wait for it.
type Syncer func(ctx context.Context, login *Sync) error

// Sync is the login that a Syncer catches up after.
type Sync struct {
	Channel messages.ChannelID
	Epoch   messages.Epoch
	Node    string // the server node the login landed on, if the protocol knows
	Resumed bool   // the server continued the session where it had stopped
	Gap     bool   // the server says that something may be missing

	deliver func(messages.Received) bool
}

// Deliver hands an old message to the channel's handler, after what was delivered
// before and ahead of everything that comes over this connection. data is the
// handler's from now on. It blocks while the inbox is full.
//
// It returns an error that is [messages.ReasonNotConnected], and delivers
// nothing, once the Syncing is over. It may be called from any goroutine.
func (s *Sync) Deliver(kind messages.Kind, kindOfMessage string, data []byte) error {
	if s.deliver(messages.Received{
		Channel: s.Channel, Epoch: s.Epoch, Kind: kind, Type: kindOfMessage, Data: data, At: time.Now(),
	}) {
		return nil
	}
	return &messages.Error{Op: "sync", Channel: s.Channel, Reason: messages.Because(messages.ReasonNotConnected,
		"the channel is not Syncing any more with the login of attempt %d; what is missing is for the next login", s.Epoch)}
}

// syncing is what a login still waits for before it is Ready. The channel actor's, while
// it is Syncing, or a Syncer has not returned.
type syncing struct {
	from     *connection // whose login it is; nil unless Syncing
	protocol bool        // the session catches up by itself, and has not said that it is done
	syncer   bool        // the Syncer has not returned for this login
	called   *connection // the login that the Syncer was called for and has not returned from
	cancel   context.CancelFunc
}

// caughtUp says that a Syncer has returned.
type caughtUp struct {
	quiet
	err error
}

// beginSync waits for whatever the login has to catch up with.
func (c *channel) beginSync(ctx actor.Context) {
	c.sync.from = c.conn
	c.callSyncer(ctx)
}

// callSyncer calls the Syncer in a goroutine of its own, unless an earlier call
// has not returned.
func (c *channel) callSyncer(ctx actor.Context) {
	if !c.sync.syncer || c.sync.called != nil {
		return
	}
	call, cancel := context.WithCancel(context.Background())
	from, box := c.conn, &c.inbox
	c.sync.called, c.sync.cancel = from, cancel
	login := &Sync{
		Channel: c.Channel, Epoch: c.state.Epoch, Node: c.now.node, Resumed: c.resumed, Gap: c.gap,
		deliver: func(m messages.Received) bool { return box.catchUp(call, from, m) },
	}
	self, root, record := ctx.Self(), ctx.ActorSystem().Root, c.Record
	c.Workers.Go(func() {
		answer := &caughtUp{err: syncError("the Syncer ended its goroutine")}
		defer func() { // whatever the Syncer does, runtime.Goexit included
			cancel()
			root.Send(self, answer)
		}()
		answer = &caughtUp{err: record.runSyncer(call, login)}
	})
}

// runSyncer calls the Syncer, and turns a panic into an error.
func (r *Record) runSyncer(ctx context.Context, login *Sync) (err error) {
	defer func() {
		if v := recover(); v != nil {
			what := fmt.Sprintf("the Syncer panicked: %v", v)
			r.report(what, debug.Stack())
			err = syncError(what)
		}
	}()
	return r.Syncer(ctx, login)
}

func syncError(what string) error {
	return &messages.Error{Op: "sync", Reason: messages.Because(messages.ReasonSyncFailed, "%s", what)}
}

// caughtUp takes note that a Syncer has returned. If that was for an earlier
// login, it is called for this one.
func (c *channel) caughtUp(ctx actor.Context, m *caughtUp) {
	called := c.sync.called
	c.sync.called, c.sync.cancel = nil, nil
	switch {
	case c.sync.from == nil:
		c.sync = nil
	case called != c.sync.from:
		c.callSyncer(ctx)
	case m.err != nil:
		reason := messages.Because(messages.ReasonSyncFailed, "%v", m.err)
		if why, ok := messages.ReasonOf(m.err); ok {
			reason.Detail, reason.Wire, reason.RetryAfter = why.Detail, why.Wire, why.RetryAfter
		}
		c.apply(ctx, lifecycle.Event{Kind: lifecycle.SyncDue, Reason: c.secrets.veil(reason)})
	default:
		c.sync.syncer = false
		c.inbox.release(called) // the server's own end of catching up may come behind what is held
		c.synced(ctx)
	}
}

// synced ends the Syncing if nothing is left to wait for.
func (c *channel) synced(ctx actor.Context) {
	if c.sync == nil || !c.sync.protocol && !c.sync.syncer {
		c.apply(ctx, lifecycle.Event{Kind: lifecycle.SyncDone})
	}
}

// endSync lets go of what waited for the end of the Syncing.
func (c *channel) endSync() {
	from := c.sync.from
	c.sync.from, c.sync.protocol, c.sync.syncer = nil, false, false
	if c.sync.called == nil {
		c.sync = nil
	} else {
		c.sync.cancel()
	}
	c.inbox.release(from)
}

// overdue says what the Syncing waited for in vain.
func (s *syncing) overdue() messages.Reason {
	switch {
	case s.called != nil && s.called != s.from:
		return messages.Because(messages.ReasonSyncTimeout, "the Syncer has not returned from an earlier login; let it watch its context")
	case s.called != nil:
		return messages.Because(messages.ReasonSyncTimeout, "the Syncer has not returned")
	default:
		return messages.Because(messages.ReasonSyncTimeout, "the server has not said that everything was sent")
	}
}
