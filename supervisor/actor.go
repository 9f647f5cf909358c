package supervisor

import (
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed14814784/holdfast/actors"
	"github.com/seed14814784/holdfast/messages"
)

// root is the supervisor actor of a fleet: it spawns channels, restarts those
// that crash, and stops them. It never fails itself, since protoactor would
// stop the whole fleet with it: every handler recovers.
type root struct {
	*house
	crashes map[string][]time.Time // within the panic budget's window, by the id of the channel's PID
	usher   *usher                 // between it and its channels
	leaving bool                   // stopping: nothing is spawned any more
}

// To the supervisor actor.
type (
	spawn struct{ channel *Channel }
	stop  struct{ channel *Channel }
	quit  struct{}
)

// IgnoreDeadLetterLogging keeps it out of the dead-letter log.
func (*spawn) IgnoreDeadLetterLogging() {}

// IgnoreDeadLetterLogging keeps it out of the dead-letter log.
func (*stop) IgnoreDeadLetterLogging() {}

// IgnoreDeadLetterLogging keeps it out of the dead-letter log.
func (*quit) IgnoreDeadLetterLogging() {}

// Receive handles one message.
func (r *root) Receive(ctx actor.Context) {
	defer func() {
		if v := recover(); v != nil {
			r.log.WithField("stack", string(debug.Stack())).Errorf("the supervisor panicked: %v", v)
		}
	}()
	switch m := ctx.Message().(type) {
	case *actor.Started:
		r.started(ctx)
	case *actor.Restarting:
		if r.leaving { // protoactor would forget that it is to stop
			ctx.Stop(ctx.Self())
		}
	case *actor.Stopping:
		r.stopping()
	case *actor.Stopped:
		r.gone()
	case *actor.Terminated:
		delete(r.crashes, m.Who.Id)
	case *spawn:
		r.spawn(ctx, m.channel)
	case *stop:
		if pid := m.channel.pid(); pid != nil {
			r.send(pid, &actor.Stop{})
		}
	case *quit:
		ctx.Stop(ctx.Self())
	case Open:
		r.openFor(ctx, m)
	case messages.NetworkDown:
		r.reach.hint(false)
	case messages.NetworkUp:
		r.reach.hint(true)
	}
}

func (r *root) started(ctx actor.Context) {
	r.usher = newUsher(ctx, r.house)
	r.mu.Lock()
	r.root = ctx.Self()
	waiting := r.waiting
	r.waiting = nil
	r.mu.Unlock()
	for _, m := range waiting {
		ctx.Send(ctx.Self(), m)
	}
	if r.network != nil {
		r.reach.watch(r.network)
	}
}

// spawn starts a channel's actor and then lets the channel's handle use it,
// in this order: a PID that is known before Spawn has returned is a crash.
//
// The stop overtakes what was opened just before it. By then the usher has told
// all channels to stop; one that came later would never be told, and the
// supervisor would wait for it for ever. The stop of a channel may overtake its
// spawn, too.
func (r *root) spawn(ctx actor.Context, ch *Channel) {
	if r.leaving || ch.isClosing() || r.usher.isEnding() {
		ch.discard()
		return
	}
	pid := r.usher.spawn(ch)
	if r.reach.offline() {
		ctx.Send(pid, messages.NetworkDown{})
	}
	if !ch.manual {
		ctx.Send(pid, messages.Connect{})
	}
	ch.publish(pid)
}

// stopping closes the fleet's doors. Channels that were never spawned end here;
// the others are stopped by the usher.
func (r *root) stopping() {
	r.leaving = true
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.reach.end()
	r.gate.Close()
}

func (r *root) gone() {
	defer close(r.stopped)
	defer r.crew.Close()
	for _, ch := range r.all() {
		if ch.pid() == nil {
			ch.discard()
		}
	}
}

// HandleFailure restarts a channel that crashed: its mailbox and its PID stay,
// a new incarnation goes on from the record, and the crash counts there as a
// failure of its attempt. Beyond the budget the record's state is Failed, so
// that the channel stays addressable; a channel that goes on crashing even then
// is stopped. It runs on the supervisor's goroutine; a panic here would stop
// every channel of the fleet.
func (r *root) HandleFailure(_ *actor.ActorSystem, _ actor.Supervisor, pid *actor.PID, _ *actor.RestartStatistics, reason, _ any) {
	defer func() {
		if v := recover(); v != nil {
			r.log.Errorf("handling the failure of %s panicked: %v", pid.Id, v)
			r.send(pid, &actor.Stop{})
		}
	}()
	ch, ok := r.find(actors.PanicChannel(reason))
	if !ok {
		r.send(pid, &actor.Stop{})
		return
	}
	entry := r.log.WithField("channel", string(ch.ID())).WithField("panic", fmt.Sprint(actors.PanicValue(reason)))
	entry.WithField("stack", actors.PanicStack(reason)).Error("a channel panicked")
	if ch.isClosing() || r.usher.isEnding() || r.exhausted(pid, ch.record.Panics, time.Now()) {
		r.send(pid, &actor.Stop{})
		return
	}
	r.send(pid, &actor.Restart{})
}

// exhausted counts a crash and reports whether even a Failed channel crashes
// too often to be kept.
func (r *root) exhausted(pid *actor.PID, budget actors.PanicBudget, now time.Time) bool {
	recent := slices.DeleteFunc(r.crashes[pid.Id], func(at time.Time) bool { return now.Sub(at) >= budget.Within })
	r.crashes[pid.Id] = append(recent, now)
	return len(recent) >= 2*budget.Max
}
