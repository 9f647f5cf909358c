package actors

import (
	"container/heap"
	"runtime/debug"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed14814784/holdfast/actors/membership"
	"github.com/seed14814784/holdfast/messages"
)

// rooms is the actor of all rooms of one channel: a child of the channel, beside
// the connection, that lives across connections. It steps each room through the
// table of package membership, asks the connection what the steps want to know,
// and tells observers. All that must last is in the roster.
type rooms struct {
	*Record
	channel  *actor.PID
	agenda   agenda
	alarms   alarms
	timer    *time.Timer
	next     time.Time // what timer is set to
	wake     func()
	batch    []enquiry   // for the connection, at the end of this message
	renewals []roomRenew // for the connection, at the end of this message
}

// roomsProps makes the actor of a channel's rooms.
func roomsProps(r *Record, channel *actor.PID) *actor.Props {
	return r.propsOf(func(*actor.ActorSystem) actor.Actor { return &rooms{Record: r, channel: channel} })
}

// Receive handles one message.
func (a *rooms) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		a.start(ctx)
	case *actor.Stopping, *actor.Restarting:
		a.stopping(ctx)
	case *actor.Stopped:
		a.Record = nil // a PID keeps its actor reachable; what is big must not be
	default:
		defer func() {
			if v := recover(); v != nil {
				panic(crash{Value: v, Stack: debug.Stack()})
			}
		}()
		a.handle(ctx, m)
		a.pump(ctx)
		a.flush(ctx)
		a.settle()
	}
}

func (a *rooms) handle(ctx actor.Context, message any) {
	switch m := message.(type) {
	case *roomCommand:
		a.command(m)
	case *connChanged:
		a.connected(m)
	case *roomNews:
		a.heard(m)
	case *roomToken:
		a.tokenFetched(m)
	case *roomTick:
		a.next = time.Time{}
		a.ticked(ctx)
	default:
		a.stale.Add(1)
	}
}

// start begins an incarnation. One that follows a crash finds the rooms as they
// were left: what was asked is asked again, and what was timed begins anew, but
// for the renewals, which are due when they were.
func (a *rooms) start(ctx actor.Context) {
	self, root := ctx.Self(), ctx.ActorSystem().Root
	a.wake = func() { root.Send(self, &roomTick{}) }
	a.agenda = agenda{rate: a.Settings.Rooms.JoinRate, window: a.Settings.Rooms.JoinWindow, pace: &a.roster.pace}
	if a.roster.conn == membership.ConnUp {
		a.payDebts() // what the one before told may have died with it
	}
	for _, r := range a.inOrder() {
		r.queued, r.asked, r.alarm, r.due = 0, false, 0, time.Time{}
		a.alarms.fix(r)
		switch r.state.Status {
		case messages.RoomJoining, messages.RoomRejoining, messages.RoomVerifying, messages.RoomLeaving:
			if r.sent && r.ask == membership.AskJoin { // it may have landed, and its answer be lost
				r.leave, r.haunted = true, true
			}
			a.inquire(r, r.ask)
		case messages.RoomJoined:
			if r.state.Timers.Has(membership.TimerStable) {
				a.at(r, time.Now().Add(max(a.Settings.Rooms.StableAfter, r.state.LastDelay)))
			}
		case messages.RoomWaiting:
			a.at(r, r.retryAt)
		default: // there is nothing to wait for
		}
	}
	a.pump(ctx)
	a.flush(ctx)
	a.settle()
}

// stopping ends an incarnation; if the channel ends as well, so do the rooms.
func (a *rooms) stopping(actor.Context) {
	defer func() { _ = recover() }() // a panic here would keep the actor from ever stopping
	if a.timer != nil {
		a.timer.Stop()
	}
	if ending := a.roster.ending.Load(); ending != nil { // what the channel told last may be in the mailbox still
		a.connected(&connChanged{kind: membership.ConnClosed, reason: *ending})
	}
}

// settle sets the runtime timer to the earliest deadline. It is called once at
// the end of every message.
func (a *rooms) settle() {
	at := a.agenda.again
	if len(a.alarms) > 0 && (at.IsZero() || a.alarms[0].when().Before(at)) {
		at = a.alarms[0].when()
	}
	switch {
	case at.Equal(a.next):
	case at.IsZero():
		a.timer.Stop()
		a.next = at
	default:
		wait := max(time.Until(at), 0)
		if a.timer == nil {
			a.timer = time.AfterFunc(wait, a.wake)
		} else {
			a.timer.Reset(wait)
		}
		a.next = at
	}
}

// ticked fires the deadlines that have passed, in their order.
func (a *rooms) ticked(ctx actor.Context) {
	now := time.Now()
	for len(a.alarms) > 0 && !a.alarms[0].when().After(now) {
		r := a.alarms[0]
		if r.renewAt.Equal(r.when()) {
			r.renewAt = time.Time{}
			a.alarms.fix(r)
			a.renewToken(ctx, r)
			continue
		}
		r.due = time.Time{}
		a.alarms.fix(r)
		a.expired(r)
	}
}

// expired applies the event of a room's timer.
func (a *rooms) expired(r *room) {
	for t := range membership.TimerCount {
		if r.state.Timers.Has(t) {
			a.apply(r, membership.Event{Kind: dueKinds[t]})
			return
		}
	}
}

// dueKinds names the event of each timer.
var dueKinds = [membership.TimerCount]membership.Kind{
	membership.TimerJoin:   membership.JoinDue,
	membership.TimerStable: membership.StableDue,
	membership.TimerVerify: membership.VerifyDue,
	membership.TimerRetry:  membership.RetryDue,
	membership.TimerLeave:  membership.LeaveDue,
}

// at sets a room's deadline; the zero time clears it.
func (a *rooms) at(r *room, when time.Time) {
	r.due = when
	a.alarms.fix(r)
}

// alarms are the rooms that have a deadline, the earliest first.
type alarms []*room

func (r *room) when() time.Time {
	if r.due.IsZero() || !r.renewAt.IsZero() && r.renewAt.Before(r.due) {
		return r.renewAt
	}
	return r.due
}

// fix puts a room where its deadline belongs.
func (a *alarms) fix(r *room) {
	switch none := r.when().IsZero(); {
	case none && r.alarm > 0:
		heap.Remove(a, r.alarm-1)
	case none:
	case r.alarm > 0:
		heap.Fix(a, r.alarm-1)
	default:
		heap.Push(a, r)
	}
}

func (a alarms) Len() int           { return len(a) }
func (a alarms) Less(i, j int) bool { return a[i].when().Before(a[j].when()) }
func (a alarms) Swap(i, j int) {
	a[i], a[j] = a[j], a[i]
	a[i].alarm, a[j].alarm = i+1, j+1
}

// Push implements heap.Interface.
func (a *alarms) Push(r any) {
	*a = append(*a, r.(*room))
	r.(*room).alarm = len(*a)
}

// Pop implements heap.Interface.
func (a *alarms) Pop() any {
	last := len(*a) - 1
	r := (*a)[last]
	(*a)[last] = nil
	*a, r.alarm = (*a)[:last], 0
	return r
}
