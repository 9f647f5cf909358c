package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// enter does what entering a status asks for.
func (c *channel) enter(ctx actor.Context, from messages.Status, event lifecycle.Event) {
	if from == messages.Ready {
		c.restLease()
	}
	switch c.state.Status {
	case messages.Queued:
		if event.Kind != lifecycle.BackoffDue { // no delay separates this attempt from the last
			c.earliest = c.admittedAt.add(c.Timeouts.MinInterval)
		}
		c.outbox.reuse()
		c.queue(ctx)
	case messages.Held:
		c.outbox.reuse() // it may have been Connect that led here
	case messages.Preparing:
		if from == messages.Queued {
			c.connect()
		} else {
			// A forced refresh: a fresh attempt, past the gate like any other. Its
			// deadline begins when it gets there.
			c.clock.cancel(slot(lifecycle.TimerPrepare))
			c.queue(ctx)
		}
	case messages.Dialing:
		c.conn.tell(&dial{ask: c.ask})
	case messages.Authenticating:
		c.conn.tell(&login{})
	case messages.Syncing:
		c.beginSync(ctx)
	case messages.Ready:
		c.forget = false
		c.runLease()
		if from == messages.Syncing {
			c.conn.tell(&listen{})
		}
		// Where nobody answers heartbeats, uptime is all the proof there is.
		c.alive, c.stableDue = c.Keepalive.Interval <= 0 || c.Keepalive.OneWay, false
	case messages.Suspended:
		if c.Outbox.FailOnSuspend {
			c.outbox.fail(messages.ReasonFailedOnSuspend, "the outage became long")
		}
	case messages.Draining:
		c.departing, c.departed = false, false
		c.outbox.Shut(notConnected(c.state.Status, c.now.why()))
	case messages.Closing:
		c.flaps.since = 0 // how the peer takes our goodbye is not how a session ends
		c.refuse()
		c.conn.tell(&bye{})
	case messages.Closed, messages.Kicked, messages.Failed:
		c.refuse()
	default: // Idle is never entered; in the others there is only to wait
	}
}

// refuse ends the sending: nothing is accepted, and what was not written fails.
func (c *channel) refuse() {
	c.outbox.Shut(notConnected(c.state.Status, c.now.why()))
	c.outbox.abandon("the channel is " + c.state.Status.String() + " because of " + c.now.why().String())
}

// queue asks the gate for a permit, unless the connection before is not gone
// yet: then gone does, for there are never two.
func (c *channel) queue(ctx actor.Context) {
	if c.conn == nil && c.ask == nil {
		c.wish(ctx)
	}
}

// wish asks the gate of the endpoint that is dialled next.
func (c *channel) wish(ctx actor.Context) {
	a := &ask{}
	c.ask = a
	self, root := ctx.Self(), ctx.ActorSystem().Root
	cancel := c.Gate.Ask(*c.now.reached, c.earliest.time(), func(permit Permit) {
		if a.admit(permit) {
			root.Send(self, &admitted{ask: a})
		}
	})
	a.mu.Lock()
	a.cancel = cancel
	a.mu.Unlock()
	c.earliest = 0
}

// withdraw takes back the wish to dial.
func (c *channel) withdraw() {
	if c.ask != nil {
		c.ask.withdraw()
		c.ask = nil
	}
}

// connect makes the connection of this attempt and gives it its permit.
func (c *channel) connect() {
	a := c.next
	a.pass, a.fresh = *c.now.reached, c.forget
	a.request = transport.AddressRequest{Channel: c.Channel, Epoch: c.state.Epoch, Attempt: c.state.Attempt, Refresh: c.refresh}
	if c.lastReason != nil {
		a.request.Last = *c.lastReason
	}
	if c.refresh {
		a.stale = c.lease.token
	}
	c.rotateIn = 0    // a go-away was meant for the connection before
	c.flaps.since = 0 // of a session that we ended
	c.admittedAt = rightNow()
	c.sketch().attempts++
	c.conn = newConnection(c.Record, c.state.Epoch, a)
	c.next = nil
	c.socketBorn()
	c.conn.start()
}

// dispose ends the attempt: the wish to dial, and the connection with all that
// is in flight. What the connection still says is ignored, except its last word.
func (c *channel) dispose() {
	c.withdraw()
	if c.conn != nil && !c.conn.stopping {
		c.sketch().node, c.rotateIn = "", 0
		c.drop()
	}
}

// drop ends the connection, unless it was told to end: only its last word is expected
// of it. What it was asked may never reach it, so those who wait are answered here.
func (c *channel) drop() {
	if c.conn != nil && !c.conn.stopping {
		c.conn.stopping = true
		defer c.conn.stop() // also if one of them cannot be answered
		c.conn.asked.refuse(c, messages.Because(messages.ReasonNotConnected, "the connection was lost before it answered"))
	}
}

// flush hands the connection what it may write, and notices the end of a drain.
func (c *channel) flush() {
	c.nudged.Store(false)
	switch c.state.Status {
	case messages.Ready, messages.Draining:
	default:
		return
	}
	if c.conn == nil || c.conn.stopping {
		return
	}
	if c.outbox.hand() {
		c.conn.tell(&transmit{})
	}
	c.overdue()
}

// overdue looks at answers that did not come in time. A peer that takes messages
// and answers none may be a zombie: it has lost us, and knows it or not.
func (c *channel) overdue() {
	late := c.outbox.lateness()
	if c.conn == nil || c.conn.stopping || !c.state.HasTransport() {
		return
	}
	switch late {
	case stalled:
		c.conn.tell(&unanswered{reason: messages.Because(messages.ReasonAckTimeout,
			"the peer did not acknowledge within %s a message that can be sent again", c.Outbox.AckTimeout)})
	case doubtful:
		c.conn.tell(&probe{})
	case punctual:
	}
}

// rearm brings the clock in line with the timers of the state.
func (c *channel) rearm(prev lifecycle.State, step lifecycle.Step) {
	for t := range lifecycle.TimerCount {
		was, is := prev.Timers.Has(t), c.state.Timers.Has(t)
		switch {
		case is && (!was || step.Rearm.Has(t)):
			c.clock.arm(slot(t), c.duration(t, step.Delay))
		case was && !is:
			c.clock.cancel(slot(t))
		}
	}
}

// dialGrace is how long a dial may take to notice its own deadline.
const dialGrace = 100 * time.Millisecond

// armGiveUp sets the deadline by which the channel has to be up.
func (c *channel) armGiveUp() {
	c.clock.cancel(giveUpSlot)
	if c.GiveUpAfter > 0 && !c.state.OutageSince.IsZero() {
		c.clock.set(giveUpSlot, c.state.OutageSince.Add(c.GiveUpAfter))
	}
}

// duration is how long a timer runs; 0 leaves it out. Liveness and ping run in
// the connection, which alone sees the traffic.
func (c *channel) duration(t lifecycle.Timer, delay time.Duration) time.Duration {
	switch t {
	case lifecycle.TimerProbe:
		return c.scatter(c.Timeouts.ProbeAfter, 0.9, 1.1)
	case lifecycle.TimerPrepare:
		return c.Timeouts.Prepare
	case lifecycle.TimerDial: // the dial ends by itself first, and says at which stage
		return c.Timeouts.Dial + dialGrace
	case lifecycle.TimerAuth:
		return c.Timeouts.Auth
	case lifecycle.TimerSync:
		return c.Timeouts.Sync
	case lifecycle.TimerStable: // longer than the last wait, so that "up 11 s, down" does not count as recovered
		return max(c.Timeouts.StableAfter, c.state.LastDelay)
	case lifecycle.TimerRotate:
		if c.rotateIn > 0 {
			return c.rotateIn
		}
		return c.scatter(c.Timeouts.MaxAge, 0.9, 1)
	case lifecycle.TimerDrain:
		if c.drainFor > 0 {
			return c.drainFor
		}
		return c.Timeouts.Drain
	case lifecycle.TimerClose:
		return c.Timeouts.Close
	case lifecycle.TimerBackoff:
		return delay
	case lifecycle.TimerOutage:
		if c.Timeouts.SessionTTL == 0 {
			return 0
		}
		return max(time.Until(c.state.OutageSince.Add(c.Timeouts.SessionTTL)), 1)
	}
	return 0
}

// scatter spreads a duration evenly between two factors.
func (c *channel) scatter(d time.Duration, from, to float64) time.Duration {
	return time.Duration(float64(d) * (from + (to-from)*c.Random()))
}

// armAll arms every timer of the state on a fresh clock.
func (c *channel) armAll() {
	c.armGiveUp()
	for t := range lifecycle.TimerCount {
		if c.state.Timers.Has(t) && c.clock.at(slot(t)).isZero() {
			c.clock.arm(slot(t), c.duration(t, c.state.LastDelay))
		}
	}
}

// tell publishes a step to observers.
func (c *channel) tell(prev lifecycle.State, step lifecycle.Step, at time.Time) {
	next := c.state
	moved := next.Status != prev.Status
	p := c.sketch()
	if !moved && !step.Updated {
		if step.Delay > 0 { // a crash while waiting: the wait began anew
			p.retries(at.Add(step.Delay))
		}
		c.sitting(next)()
		return
	}
	p.seq++
	if !moved {
		c.Observer.Publish(messages.Updated{
			Channel: c.Channel, Seq: p.seq, Status: next.Status, Reason: step.Reason, At: at,
		}, c.sitting(next))
		return
	}
	event := messages.StatusChanged{
		Channel: c.Channel, Seq: p.seq, Prev: prev.Status, Cur: next.Status, Reason: step.Reason,
		Attempt: next.Attempt, Epoch: next.Epoch, Planned: step.Planned, Node: p.node,
		Action: step.Reason.Action(), At: at,
	}
	p.retryIn = 0
	switch next.Status {
	case messages.Backoff, messages.Suspended:
		event.RetryIn = step.Delay
		p.retries(at.Add(step.Delay))
	case messages.Ready:
		event.Resumed, event.Gap, event.Degraded = c.resumed, c.gap, step.Degraded
	default: // nothing to add
	}
	c.Observer.Publish(event, c.sitting(next))
}
