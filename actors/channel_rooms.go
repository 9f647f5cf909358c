package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/actors/membership"
	"github.com/seed14814784/holdfast/messages"
)

// The rooms actor is spawned with the first room. It is told how the connection
// stands after observers are: no room verifies or is joined before they have
// seen the Ready that made it possible.

// ensureRooms spawns the rooms actor, if it is not there.
func (c *channel) ensureRooms(ctx actor.Context) *actor.PID {
	pid := c.rooms.Load()
	if pid == nil {
		if c.roster == nil {
			c.roster = &roster{dawn: c.dawn()}
		}
		pid = ctx.Spawn(roomsProps(c.Record, ctx.Self()))
		c.rooms.Store(pid)
	}
	return pid
}

// roomCommand passes a command to the rooms actor, which answers it. One that
// the rooms actor takes to its grave is answered here: see crashing.
func (c *channel) roomCommand(ctx actor.Context, command any) {
	if spec, ok := roomSpecOf(command); ok {
		if err := c.checkRoom(spec); err != nil {
			c.reply(messages.Reply{Status: c.state.Status, Err: err})
			return
		}
	}
	if c.rooms.Load() == nil && !begins(command) {
		c.reply(nothingOf(command))
		return
	}
	answer := c.answer
	if answer == nil {
		answer = func(any) {}
	}
	c.answer = nil
	q := &question{op: "rooms", reply: answer}
	c.asked.add(q)
	ctx.Send(c.ensureRooms(ctx), &roomCommand{command: command, answer: q.answer})
}

// begins reports whether a command is about a room that is to be joined.
func begins(command any) bool {
	_, ok := roomSpecOf(command)
	return ok
}

// nothingOf answers a command for a channel that never had a room.
func nothingOf(command any) any {
	if _, ok := command.(messages.GetRooms); ok {
		return messages.Rooms{}
	}
	return messages.Reply{}
}

func roomSpecOf(command any) (messages.RoomSpec, bool) {
	switch m := command.(type) {
	case messages.Join:
		return m.Room, true
	case messages.Switch:
		return m.To, true
	}
	return messages.RoomSpec{}, false
}

// checkRoom says why a room cannot be joined whatever the server says. A channel
// that goes takes no more rooms, as it takes no more sends: a drain would wait for
// them.
func (c *channel) checkRoom(spec messages.RoomSpec) error {
	traits := c.Protocol.Traits()
	if !traits.Rooms {
		return &messages.Error{Op: "join", Channel: c.Channel, Reason: messages.Because(messages.ReasonNotSupported, "the protocol %q has no rooms", c.Protocol.Name())}
	}
	if err := CheckRoom(spec, traits.RoomIDBytes); err != nil {
		return err
	}
	if s := c.state.Status; s == messages.Draining || s == messages.Closing {
		return &messages.Error{
			Op: "join", Channel: c.Channel, Err: messages.ReasonNotConnected,
			Reason: messages.Because(messages.ReasonConnTerminal, "the channel is %s; connect it again before room %q is joined", s, string(spec.ID)),
		}
	}
	return nil
}

// tellRooms tells the rooms actor what a step of the channel means for it.
func (c *channel) tellRooms(ctx actor.Context, prev lifecycle.State) {
	next := c.state
	kind, ok := roomsHear(prev, next)
	if !ok {
		return
	}
	m := connChanged{kind: kind, reason: c.roomReason(kind)}
	if kind == membership.ConnReady {
		m.line = c.conn
	}
	if pid := c.rooms.Load(); pid != nil {
		told := m // most channels have nobody to tell
		ctx.Send(pid, &told)
		return
	}
	c.footing = connOf[kind]
	if c.roster != nil && !c.fallen { // they may have it still, after a crash
		c.roster.dawn = c.dawn()
	}
}

// dawn is how the connection stands now.
func (c *channel) dawn() dawn {
	if c.footing == membership.ConnUp {
		return dawn{c.conn, c.footing}
	}
	return dawn{nil, c.footing}
}

// roomsHear is the event of the rooms in a step of the channel.
func roomsHear(prev, next lifecycle.State) (membership.Kind, bool) {
	was, is := prev.Status, next.Status
	switch {
	case is == messages.Kicked || is == messages.Failed:
		return membership.ConnDead, was != is
	case is == messages.Closed:
		return membership.ConnClosed, was != is
	case was.Ended():
		return membership.ConnReopen, was != is
	case is == messages.Ready:
		return membership.ConnReady, was != is
	case was == messages.Ready && is != messages.Draining && is != messages.Closing:
		return membership.ConnLost, true
	case (was == messages.Draining || was == messages.Closing) && is != messages.Closing:
		return membership.ConnLost, true // connected again before it was closed
	}
	return membership.ConnSuspended, next.Long && !prev.Long
}

// roomReason is why rooms change with the connection.
func (c *channel) roomReason(kind membership.Kind) messages.Reason {
	reason := messages.Reason{Wire: c.now.why().Wire}
	switch kind {
	case membership.ConnReady, membership.ConnReopen:
		return messages.Reason{}
	case membership.ConnLost:
		reason.Code = messages.ReasonInterrupted
	case membership.ConnSuspended:
		reason.Code = messages.ReasonConnSuspended
	default:
		reason.Code = messages.ReasonConnTerminal
		if kind == membership.ConnClosed {
			reason.Code = c.now.why().Code
		}
	}
	reason.Detail = "the channel is " + c.state.Status.String() + " because of " + c.now.why().String()
	return reason
}

// roomsFailed answers a crash of the rooms actor: it is restarted, and goes on
// from the roster. Beyond the panic budget the channel is given up, as for any
// other bug.
func (c *channel) roomsFailed(ctx actor.Context, supervisor actor.Supervisor, child *actor.PID, cause any) {
	what := PanicValue(cause)
	c.report("the rooms actor panicked: "+what, []byte(PanicStack(cause)))
	c.answerRooms(restarted)
	supervisor.RestartChildren(child)
	if c.crashed(time.Now()) {
		c.apply(ctx, lifecycle.Event{
			Kind: lifecycle.Panic, GiveUp: messages.ReasonRestartIntensity,
			Reason: messages.Because(messages.ReasonActorPanic, "%s", what),
		})
		c.clock.settle(c.Alarms, c.Record)
	}
}

// answerRooms answers those whose commands may be lost with the rooms actor.
func (c *channel) answerRooms(reason messages.Reason) {
	c.asked.refuse(c, reason)
}

var restarted = messages.Because(messages.ReasonActorPanic, "the rooms were restarted before it was answered; look at them and ask again")

// leaveRooms begins the end of a drain: what was to be sent has left, now the
// server is told that we go. It reports whether that is done.
func (c *channel) leaveRooms(ctx actor.Context) (done bool) {
	pid := c.rooms.Load()
	if pid == nil || c.departed {
		return true
	}
	if !c.departing {
		c.departing = true
		ctx.Send(pid, &roomCommand{command: messages.Drain{}})
	}
	return false
}
