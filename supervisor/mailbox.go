package supervisor

import (
	"context"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed14814784/holdfast/actors"
	"github.com/seed14814784/holdfast/messages"
)

// How a handle reaches its actor. The actor is spawned a moment after Open has
// returned; commands that come before wait in the handle and are passed on in
// order, before later ones can reach the actor by themselves.

// lobby is what waits for a channel's actor to be spawned.
type lobby struct {
	commands []any
	callers  []func(*actor.PID) // who want to know the PID
}

func (c *Channel) send(message any) {
	c.mu.Lock()
	self := c.self
	if self == nil {
		c.lobby.commands = append(c.lobby.commands, message)
	}
	c.mu.Unlock()
	if self != nil {
		c.house().system.Root.Send(self, message)
	}
}

// publish makes the actor reachable, when nothing waits for it any more. It
// sends under no lock: see tellRoot.
func (c *Channel) publish(pid *actor.PID) {
	for {
		c.mu.Lock()
		commands := c.lobby.commands
		c.lobby.commands = nil
		if len(commands) == 0 {
			c.self = pid
			c.mu.Unlock()
			c.tellSpawned(pid)
			return
		}
		c.mu.Unlock()
		for _, m := range commands {
			c.house().system.Root.Send(pid, m)
		}
	}
}

// discard ends a channel whose actor will never be spawned.
func (c *Channel) discard() {
	c.record.Discard()
	c.tellSpawned(nil)
}

func (c *Channel) tellSpawned(pid *actor.PID) {
	c.mu.Lock()
	callers := c.lobby.callers
	c.lobby.callers = nil
	if pid != nil {
		c.lobby = nil
	}
	c.mu.Unlock()
	for _, tell := range callers {
		tell(pid)
	}
}

// whenSpawned calls tell with the PID, at once or when there is one, or with nil
// when it is certain that there never will be.
func (c *Channel) whenSpawned(tell func(*actor.PID)) {
	c.mu.Lock()
	self := c.self
	if self == nil {
		c.lobby.callers = append(c.lobby.callers, tell)
	}
	c.mu.Unlock()
	if self != nil {
		tell(self)
	}
}

func (c *Channel) pid() *actor.PID {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.self
}

func (c *Channel) isClosing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closing
}

func (c *Channel) gone() bool {
	select {
	case <-c.record.Ended():
		return true
	default:
		return false
	}
}

// ask sends a command and waits for its answer.
func (c *Channel) ask(ctx context.Context, op string, command any) (any, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	answer := make(chan any, 1)
	c.send(&actors.Request{Command: command, Answer: answer})
	select {
	case a := <-answer:
		return a, refused(a)
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-c.record.Ended():
		select {
		case a := <-answer: // it came with the end
			return a, refused(a)
		default:
			return nil, c.noSuchChannel(op)
		}
	}
}

func refused(answer any) error {
	if r, ok := answer.(messages.Reply); ok {
		return r.Err
	}
	return nil
}

// command is ask for commands whose answer is only whether they were taken.
func (c *Channel) command(ctx context.Context, op string, command any) error {
	_, err := c.ask(ctx, op, command)
	return err
}

func (c *Channel) noSuchChannel(op string) error {
	return &messages.Error{Op: op, Channel: c.ID(), Reason: messages.Because(messages.ReasonNoSuchChannel, "the channel was closed; open it again")}
}

func (c *Channel) unexpected(op string, answer any) error {
	return &messages.Error{Op: op, Channel: c.ID(), Reason: messages.Because(messages.ReasonNotSupported, "the answer was a %T", answer)}
}
