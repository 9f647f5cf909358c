package supervisor

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed14814784/holdfast/actors"
	"github.com/seed14814784/holdfast/messages"
)

// Channel is the handle of one channel. It is safe for concurrent use, stays
// valid whatever happens to the channel, and every call of it answers: when the
// channel is gone, with an error that carries ReasonNoSuchChannel.
//
// The context of a call bounds how long the caller waits for the answer. A
// command that was sent is not taken back when it ends.
type Channel struct {
	record    *actors.Record
	agreement *agreement

	mu      sync.Mutex
	self    *actor.PID
	lobby   *lobby // nil once the actor was spawned
	closing bool
	manual  bool // it stays Idle until it is told to Connect
}

func (c *Channel) house() *house { return c.agreement.house }

// ID is the channel's name.
func (c *Channel) ID() messages.ChannelID { return c.record.Channel }

// String names the channel, its address and its status.
func (c *Channel) String() string { return c.name() + " is " + c.Snapshot().Status.String() }

// name is that of its specification.
func (c *Channel) name() string {
	return Spec{ID: c.record.Channel, Address: c.record.Address}.String()
}

// Snapshot is what the channel knows about itself. It never blocks, and agrees
// with the events that observers were told.
func (c *Channel) Snapshot() messages.Snapshot { return c.record.Snapshot() }

// Send puts a message into the outbox and returns its receipt at once; it never blocks.
// If nothing is in the way, the message is written when Send returns: the protocol's
// session may run on the caller's goroutine. A message is accepted while the channel is
// up or on its way up.
//
// Errors: ReasonNotConnected before Connect and after the channel has ended,
// ReasonOutboxFull, ReasonTooLarge, ReasonInvalidMessage.
func (c *Channel) Send(ctx context.Context, message messages.Message) (*Receipt, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return c.record.Send(message)
}

// Ping sends a heartbeat now and waits for the answer: the round-trip time.
// Some protocols' heartbeats have no answer; then only ctx ends the wait.
func (c *Channel) Ping(ctx context.Context) (time.Duration, error) {
	answer, err := c.ask(ctx, "ping", messages.Ping{})
	if err != nil {
		return 0, err
	}
	pong, ok := answer.(messages.Pong)
	if !ok {
		return 0, c.unexpected("ping", answer)
	}
	return pong.RTT, nil
}

// Connect asks the channel to be up and returns when it has taken the command;
// Wait waits for the connection. See [messages.Connect].
//
// Errors: ReasonKickedOtherDevice or ReasonKickedByAdmin without Takeover,
// ReasonPaused and ReasonNetworkDown while the channel is held.
func (c *Channel) Connect(ctx context.Context, how ...ConnectOption) error {
	var command messages.Connect
	for _, option := range how {
		option(&command)
	}
	return c.command(ctx, "connect", command)
}

// ConnectOption changes what Connect does.
type ConnectOption func(*messages.Connect)

// Takeover lets Connect leave Kicked: this side wins over the login that
// replaced it.
func Takeover(c *messages.Connect) { c.Takeover = true }

// Disconnect ends the connection: for good with messages.Logout, or to come
// back after the usual delay with messages.KeepRetrying. When it returns the
// command is taken: after a Logout nothing dials until the next Connect.
func (c *Channel) Disconnect(ctx context.Context, mode messages.DisconnectMode) error {
	return c.command(ctx, "disconnect", messages.Disconnect{Mode: mode})
}

// Pause lets go of the connection and holds the channel until Resume. The
// outbox goes on accepting.
func (c *Channel) Pause(ctx context.Context) error {
	return c.command(ctx, "pause", messages.Pause{})
}

// Resume ends a pause.
func (c *Channel) Resume(ctx context.Context) error {
	return c.command(ctx, "resume", messages.Resume{})
}

// Redial replaces the connection by a fresh one, or skips the delay before the
// next attempt. Nothing is counted as a failure.
func (c *Channel) Redial(ctx context.Context, why string) error {
	return c.command(ctx, "redial", messages.Redial{Why: why})
}

// Renew brings a token from outside. It is presented on the live connection,
// where the protocol can; else the error is ReasonNotSupported. Spec.Credentials
// keep it: all channels that share them log in with it from now on, and without
// a connection that is all there is to do.
//
// Other errors: ReasonNotConnected without connection and Credentials;
// ReasonInvalidSpec and ReasonCredExpired for a token that they do not take.
func (c *Channel) Renew(ctx context.Context, token messages.Token) error {
	return c.command(ctx, "renew", messages.Renew{Token: token})
}

// NetworkDown tells the channel that this machine seems to have no network.
func (c *Channel) NetworkDown(ctx context.Context) error {
	return c.command(ctx, "network down", messages.NetworkDown{})
}

// NetworkUp takes that back.
func (c *Channel) NetworkUp(ctx context.Context) error {
	return c.command(ctx, "network up", messages.NetworkUp{})
}

// Drain accepts no new sends, flushes the outbox, says goodbye and closes. It
// returns when the channel is Closed, or when ctx ends. The channel's own limit
// is Timeouts.Drain.
func (c *Channel) Drain(ctx context.Context) error {
	if err := c.command(ctx, "drain", messages.Drain{}); err != nil {
		return err
	}
	_, err := c.Wait(ctx, messages.Closed)
	return err
}

// Wait blocks until the channel is in one of the statuses, Ready if none is
// named. It returns an error with the channel's reason when the channel has
// ended otherwise and will not get there by itself, and ctx's error when that
// ends first. A status that was passed through while waiting counts.
func (c *Channel) Wait(ctx context.Context, statuses ...messages.Status) (messages.Snapshot, error) {
	if len(statuses) == 0 {
		statuses = []messages.Status{messages.Ready}
	}
	w := &waiter{wanted: slices.Clone(statuses), result: make(chan result, 1)}
	c.house().bus.await(c.ID(), w, c.Snapshot)
	defer c.house().bus.forget(c.ID(), w)
	select {
	case r := <-w.result:
		return c.arrived(r, statuses)
	case <-ctx.Done():
		return c.Snapshot(), ctx.Err()
	case <-c.record.Ended():
		select {
		case r := <-w.result: // it got there before it ended
			return c.arrived(r, statuses)
		default:
			return c.Snapshot(), c.noSuchChannel("wait")
		}
	}
}

func (c *Channel) arrived(r result, wanted []messages.Status) (messages.Snapshot, error) {
	switch {
	case r.ended && c.gone():
		return c.Snapshot(), c.noSuchChannel("wait")
	case r.ended:
		return c.Snapshot(), &messages.Error{Op: fmt.Sprintf("wait for %v", wanted), Channel: c.ID(), Reason: r.reason}
	}
	return c.Snapshot(), nil
}

// Close is the rude end of the channel: its connection is dropped, what it had
// not written fails, what still waits for the handler is dropped, its ID becomes
// free. It returns when all that has happened, or when ctx ends. It does not wait
// for a call of the handler that is running. Closing twice is no error.
func (c *Channel) Close(ctx context.Context) error {
	c.mu.Lock()
	first := !c.closing
	c.closing = true
	c.mu.Unlock()
	if first {
		c.house().tellRoot(&stop{channel: c})
	}
	select {
	case <-c.record.Ended():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
