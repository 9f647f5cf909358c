package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// due names the event of each timer that runs out in the channel.
var due = [lifecycle.TimerCount]lifecycle.Kind{
	lifecycle.TimerProbe:    lifecycle.ProbeDue,
	lifecycle.TimerPrepare:  lifecycle.PrepareDue,
	lifecycle.TimerDial:     lifecycle.DialDue,
	lifecycle.TimerAuth:     lifecycle.AuthDue,
	lifecycle.TimerSync:     lifecycle.SyncDue,
	lifecycle.TimerLiveness: lifecycle.LivenessDue,
	lifecycle.TimerStable:   lifecycle.StableDue,
	lifecycle.TimerRotate:   lifecycle.RotateDue,
	lifecycle.TimerDrain:    lifecycle.DrainDue,
	lifecycle.TimerClose:    lifecycle.CloseDue,
	lifecycle.TimerBackoff:  lifecycle.BackoffDue,
	lifecycle.TimerOutage:   lifecycle.OutageDue,
}

// signal handles what the channel's own parts say, and reports whether the
// message was one of those. What a connection says that does not count any more
// is dropped here, whatever it is.
func (c *channel) signal(ctx actor.Context, message any) bool {
	if w, ok := message.(interface{ sender() *connection }); ok && !c.current(w.sender()) {
		return true
	}
	switch m := message.(type) {
	case *tick:
		c.ticked(ctx)
	case *flush:
		c.flush()
		c.drained(ctx)
		c.clock.mark(expirySlot, c.outbox.deadline())
	case *admitted:
		c.admitted(ctx, m.ask)
	case *ended:
		c.ended(ctx, m.from)
	case *handlerPanic:
		c.handlerPanicked(m.crash)
	case *prepared:
		c.refresh = false // what was asked for anew is there
		if c.lease != unleased || !m.token.IsZero() {
			l := c.let()
			l.token, l.own = m.token, m.own
		}
		c.prepared(ctx, m.endpoint)
	case *dialed:
		c.apply(ctx, lifecycle.Event{Kind: lifecycle.Dialed})
	case *loggedIn:
		c.loggedIn(ctx, m.login)
	case *synced:
		if c.sync != nil {
			c.sync.protocol = false
		}
		c.synced(ctx)
	case *caughtUp:
		c.caughtUp(ctx, m)
	case *heard:
		c.heard(ctx, m.probe)
	case *goAway:
		c.rotateIn = max(c.scatter(m.within, 0, 1), 1)
		c.apply(ctx, lifecycle.Event{Kind: lifecycle.GoAway, Reason: c.secrets.veil(m.reason)})
	case *roomsLeft:
		c.departed = true
		c.drained(ctx)
	case *renewed:
		c.renewed(ctx, m.ttl)
	case *fetched:
		c.fetched(ctx, m)
	case *offered:
		c.offered(m)
	default:
		return false
	}
	return true
}

// current reports whether a signal comes from the connection that counts, and
// drops it otherwise.
func (c *channel) current(from *connection) bool {
	if !c.over && c.conn == from && !from.stopping {
		return true
	}
	c.stale.Add(1)
	return false
}

// prepared notes where the address points. A permit is for one endpoint: if the
// answer is another one, the connection has given its permit back, and asks the
// gate of the endpoint that it is really going to dial. The callback's deadline
// is over; the gate takes its time.
func (c *channel) prepared(ctx actor.Context, endpoint string) {
	if endpoint == *c.now.reached {
		c.apply(ctx, lifecycle.Event{Kind: lifecycle.Prepared})
		return
	}
	c.sketch().reached = &endpoint
	c.clock.cancel(slot(lifecycle.TimerPrepare))
	c.wish(ctx)
}

// ended notes that a connection has said its last word: there is none any more.
func (c *channel) ended(ctx actor.Context, from *connection) {
	if c.conn != from {
		return
	}
	c.clock.mark(expirySlot, c.outbox.deadline()) // of what came back
	c.conn = nil
	if c.state.Status == messages.Queued || c.state.Status == messages.Preparing {
		c.queue(ctx) // it had to wait for that
	}
}

// ticked fires the deadlines that have passed, in their order.
func (c *channel) ticked(ctx actor.Context) {
	now := time.Now()
	c.clock.wound = false
	for !c.over {
		s, ok := c.clock.pop(momentOf(now))
		switch {
		case !ok:
			return
		case s == expirySlot:
			c.outbox.sweep(momentAt(now))
			c.flush() // what has gone made room
			c.overdue()
			c.clock.mark(expirySlot, c.outbox.deadline())
			c.drained(ctx)
		case s == giveUpSlot:
			c.giveUp(ctx)
		case s == renewSlot:
			c.leaseEnding(ctx)
		case s == leaseSlot:
			c.leaseOver(ctx)
		case lifecycle.Timer(s) == lifecycle.TimerStable && !c.alive:
			c.stableDue = true // uptime alone proves nothing: wait until something is heard
		default:
			c.expire(ctx, lifecycle.Timer(s))
		}
	}
}

// expire applies a timer's event. Deadlines that end an attempt leave a trace
// for the next address request.
func (c *channel) expire(ctx actor.Context, t lifecycle.Timer) {
	if t == lifecycle.TimerRotate {
		c.rotateIn = 0
	}
	attempt := c.state.InFlight() || c.state.HasTransport()
	event := lifecycle.Event{Kind: due[t]}
	if t == lifecycle.TimerSync {
		event.Reason = c.sync.overdue()
	}
	c.apply(ctx, event)
	if attempt && !c.state.HasTransport() {
		c.blame(c.now.why())
	}
}

func (c *channel) admitted(ctx actor.Context, a *ask) {
	if c.over || c.ask != a {
		return // withdrawn: the permit went back when that was done
	}
	if c.conn != nil { // it waits for a permit of the endpoint that its address names
		c.apply(ctx, lifecycle.Event{Kind: lifecycle.Prepared})
		return
	}
	c.next, c.ask = &approach{permit: a.take()}, nil
	defer func() { // nothing took it: a crash on the way must not cost the gate a permit
		c.next.release(messages.Reason{Code: messages.ReasonUserDrop})
		c.next = nil
	}()
	if c.state.Status == messages.Queued {
		c.apply(ctx, lifecycle.Event{Kind: lifecycle.Admitted})
		return
	}
	// A forced refresh waited at the gate; its deadline begins now.
	c.clock.arm(slot(lifecycle.TimerPrepare), c.Timeouts.Prepare)
	c.connect()
}

// giveUp ends a channel that was not up in time and still waits at the gate.
// One that is in an attempt ends with it, when the strategy is asked. The table
// has one road from any wanted status to an end that nobody asked for.
func (c *channel) giveUp(ctx actor.Context) {
	if c.ask == nil || c.conn != nil && c.state.Status != messages.Preparing {
		return
	}
	c.apply(ctx, lifecycle.Event{
		Kind:   lifecycle.Panic,
		Reason: messages.Because(messages.ReasonGiveUpDeadline, "it still waited for a permit to dial after %s", c.GiveUpAfter),
		GiveUp: messages.ReasonGiveUpDeadline,
	})
}

func (c *channel) loggedIn(ctx actor.Context, login transport.Login) {
	c.flaps.began()
	c.sketch().node, c.resumed, c.gap = login.Node, login.Resumed, login.Gap
	c.leased(c.lease.token, login.TTL)
	kind := lifecycle.AuthOKNoSync
	if login.Sync || c.Syncer != nil {
		kind = lifecycle.AuthOK
		if c.sync == nil {
			c.sync = &syncing{}
		}
		c.sync.protocol, c.sync.syncer = login.Sync, c.Syncer != nil
	}
	c.apply(ctx, lifecycle.Event{Kind: kind})
}

// heard notes a proof of life of this connection.
func (c *channel) heard(ctx actor.Context, probe bool) {
	c.alive = true
	if probe && c.state.NetworkDown {
		c.apply(ctx, lifecycle.Event{Kind: lifecycle.ProbeOK})
	}
	if c.stableDue {
		c.stableDue = false
		c.apply(ctx, lifecycle.Event{Kind: lifecycle.StableDue})
	}
}

func (c *channel) handlerPanicked(crash crash) {
	if c.conn != nil && !c.conn.stopping && c.state.HasTransport() {
		c.conn.tell(&panicked{crash})
		return
	}
	c.crashed(time.Now())
	c.report("a handler panicked: "+PanicValue(crash), crash.Stack)
}
