package actors

import (
	"runtime/debug"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/actors/membership"
	"github.com/seed14814784/holdfast/messages"
)

// Spawn makes the actor that runs a record. Its parent restarts it when it fails, and the
// new incarnation goes on from the record. The parent is told of its failures and of its
// end, but does not count it among its children: it has to stop it.
func Spawn(parent actor.SpawnerContext, r *Record) *actor.PID {
	return r.Workers.nursery.spawn(parent, r)
}

// channel is the actor of one channel: a thin shell that turns what happens
// into events of the lifecycle and runs the effects of its steps. It does no
// I/O and waits for nothing, so it answers at every moment. It is also the
// supervisor strategy of its children: see HandleFailure.
type channel struct {
	*Record
	nursery  *nursery // that it is of; nil in some tests
	clock    clock
	answer   func(any) // to the command at hand; nil when nobody asked
	over     bool      // stopping: nothing moves any more
	fallen   bool      // crashed: nothing moves until the next incarnation
	next     *approach // just admitted, about to be given to a connection
	earliest moment    // the next attempt must not begin before
	asked    questions // of the rooms actor, by users
	// A drain: the rooms were told to leave, and have left.
	departing, departed bool
}

// Receive handles one message.
func (c *channel) Receive(ctx actor.Context) {
	defer c.named()
	switch m := ctx.Message().(type) {
	case *actor.Started:
		if c.Record == nil {
			c.Record = c.nursery.claim(ctx.Self().Id)
		}
		c.start(ctx)
	case *actor.Restarting:
		c.crashing(ctx)
	case *actor.Stopping:
		c.stopping(ctx)
	case *actor.Stopped:
		c.stopped(ctx)
	case *actor.Terminated: // the rooms' actor; a connection says it otherwise
	default:
		c.handle(ctx, m)
	}
	if !c.over {
		c.clock.settle(c.Alarms, c.Record)
	}
}

// named has a panic go up to the supervisor with the name of the channel, and with the
// stack that protoactor would not keep. Until the restart, nothing else may crash: it would
// be restarted twice, and the second time nothing keeps its messages waiting.
func (c *channel) named() {
	v := recover()
	if v == nil {
		return
	}
	c.fallen = true
	whole := crash{Value: v, Stack: debug.Stack()}
	if c.Record != nil {
		whole.Channel = c.Channel
	}
	panic(whole)
}

// handle runs one user message. A panic answers whoever asked before it goes up.
func (c *channel) handle(ctx actor.Context, message any) {
	defer func() { c.answer = nil }()
	if request, ok := message.(*Request); ok {
		c.answer = func(reply any) {
			select {
			case request.Answer <- reply:
			default: // whoever asked has its answer, or left no room for it
			}
		}
		message = request.Command
	} else if ctx.Sender() != nil {
		sender, root := ctx.Sender(), ctx.ActorSystem().Root
		c.answer = func(reply any) { root.Send(sender, reply) }
	}
	defer c.answerCrash()
	if c.signal(ctx, message) {
		return
	}
	c.command(ctx, message)
}

// answerCrash tells whoever asked that their command crashed the channel.
func (c *channel) answerCrash() {
	if v := recover(); v != nil {
		c.reply(c.refusal("command", messages.Because(messages.ReasonActorPanic, "%v", v)))
		panic(v)
	}
}

func (c *channel) reply(answer any) {
	if c.answer != nil {
		c.answer(answer)
		c.answer = nil
	}
}

// crashing ends an incarnation, and its connection; that is no loss of the
// connection, which would be counted as well as the crash. The next incarnation
// waits for the last word of it.
//
// protoactor starts anew also what is stopping, and waits for its rooms, or has stopped.
// The one is to stop all the same, the other stays where it is.
func (c *channel) crashing(ctx actor.Context) {
	if c.Record == nil {
		panic("a channel that has ended does not start anew")
	}
	if c.over {
		ctx.Stop(ctx.Self())
	}
	if c.nursery != nil {
		c.nursery.expect(ctx.Self().Id, c.Record)
	}
	c.clock.stop(c.Alarms)
	if c.conn != nil {
		c.sketch().node = ""
		c.drop()
	}
	c.answerRooms(restarted)
	c.rooms.Store(nil) // protoactor stops it with us
}

// start begins an incarnation. The first one has nothing to do; every later one
// follows a crash, which counts as a failure of the attempt that was running.
func (c *channel) start(ctx actor.Context) {
	if self, ok := ctx.ActorSystem().ProcessRegistry.GetLocal(ctx.Self().Id); ok {
		c.self.Store(self.(*actor.ActorProcess))
	}
	c.nudged.Store(false)
	c.clock.mark(expirySlot, c.outbox.deadline()) // messages may have come before
	if !c.begun {
		c.begun = true
		return
	}
	event := lifecycle.Event{Kind: lifecycle.Panic, Reason: messages.Because(messages.ReasonActorPanic, "the channel's actor was restarted")}
	if c.crashed(time.Now()) {
		event.GiveUp = messages.ReasonRestartIntensity
	}
	if c.roster != nil && c.roster.joined > 0 { // a leave may be owed although no room is left
		c.ensureRooms(ctx)
	}
	// The clock is new: what stays armed must be armed again. The outage is not,
	// it goes on.
	c.state.Timers &= lifecycle.Timers(0).With(lifecycle.TimerOutage)
	c.apply(ctx, event)
	c.armAll()
}

// stopping ends everything the channel is waiting for, and its connection. A panic
// here would keep the actor from ever stopping.
func (c *channel) stopping(ctx actor.Context) {
	ending := messages.Reason{Code: messages.ReasonConnTerminal}
	defer func() {
		_ = recover()
		c.over = true
		if c.roster != nil {
			c.roster.ending.Store(&ending)
		}
		c.clock.stop(c.Alarms)
		c.withdraw()
		c.drop()
	}()
	c.apply(ctx, lifecycle.Event{Kind: lifecycle.Stop})
	ending = c.roomReason(membership.ConnClosed)
}

func (c *channel) stopped(ctx actor.Context) {
	defer func() { _ = recover() }()
	defer func() { // also if somebody cannot be answered
		c.self.Store(nil)
		c.rooms.Store(nil)
		c.actorGone()
		c.Record = nil // a PID keeps its actor reachable; what is big must not be
	}()
	if c.nursery != nil {
		c.nursery.claim(ctx.Self().Id) // it may have been told to while it waited to start anew
	}
	c.answerRooms(messages.Because(messages.ReasonNoSuchChannel, "the channel was closed"))
}

// apply takes one step of the lifecycle and runs its effects, in an order that
// matters: the old attempt is disposed of before anything new begins, and
// observers learn of a status when the channel already behaves like it.
func (c *channel) apply(ctx actor.Context, event lifecycle.Event) {
	event.Channel, event.At = c.Channel, time.Now()
	prev := c.state
	next, step, ok := c.Machine.Step(prev, event)
	if !ok {
		c.stale.Add(1)
		return
	}
	c.state = next
	if step.Refresh {
		c.refresh = true
	}
	if step.ForgetSession {
		c.forget = true
	}
	if step.Dispose {
		c.dispose()
	}
	if prev.Status == messages.Queued && next.Status != messages.Queued {
		c.withdraw()
	}
	c.rearm(prev, step)
	if !next.OutageSince.Equal(prev.OutageSince) {
		c.armGiveUp()
	}
	if next.Status != prev.Status {
		p := c.sketch()
		p.since, p.degraded = event.At, step.Degraded
		p.because(step.Reason)
		c.enter(ctx, prev.Status, event)
	}
	c.tell(prev, step, event.At)
	c.tellRooms(ctx, prev)
	if next.Status != prev.Status {
		if prev.Status == messages.Syncing {
			c.endSync()
		}
		c.flush() // now: no outcome may be told before the Ready that made it possible
	}
}

// HandleFailure makes the channel the strategy of its children. It runs on the
// channel's goroutine, where the decision about the next attempt belongs: the
// failed child is stopped and never restarted, and a fresh one is made when
// the delay is over and the old one is gone for certain.
func (c *channel) HandleFailure(_ *actor.ActorSystem, supervisor actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics, reason, _ any) {
	defer c.named()
	ctx, ok := supervisor.(actor.Context)
	f, ofConnection := reason.(failure)
	switch {
	case ok && ofConnection:
		c.connectionFailed(ctx, f)
	case ok && !c.over && !c.fallen && child.Equal(c.rooms.Load()):
		c.roomsFailed(ctx, supervisor, child, reason)
	default:
		supervisor.StopChildren(child)
	}
}

// connectionFailed decides what follows the end of the connection.
func (c *channel) connectionFailed(ctx actor.Context, f failure) {
	if c.over || c.fallen || c.conn != f.from || c.conn.stopping {
		return // it was told to stop, or is about to be
	}
	defer c.dispose() // whatever the table made of it, it does nothing any more; also if that crashed
	event := c.ending(f)
	event.Reason = c.secrets.veil(event.Reason) // a panic may show what it was given
	if f.crash != nil {
		c.report("a connection panicked: "+event.Reason.Detail, f.crash.Stack)
	}
	c.blame(event.Reason)
	c.apply(ctx, event)
	c.clock.settle(c.Alarms, c.Record)
}
