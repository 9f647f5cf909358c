package actors

import (
	"bytes"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// keepalive notices dead peers. Everything in it belongs to one connection, so
// nothing of an old connection can condemn a new one. Any inbound is proof of
// life; a pong only adds the round-trip time.
type keepalive struct {
	interval time.Duration // 0: off
	grace    time.Duration
	jitter   float64
	oneWay   bool
	random   func() float64

	timer   *time.Timer
	dueAt   time.Time // when the timer was meant to fire
	beatAt  time.Time // the next heartbeat
	heardAt time.Time
	probing bool      // a hint says the network is gone: find out quickly
	probeBy time.Time // when probing gives up

	sentAt   time.Time // of the heartbeat that is unanswered; zero if there is none
	payload  []byte    // of that ping
	askers   []func(any)
	finished bool
}

// startKeepalive begins heartbeats: the first at a random part of the interval,
// so that channels which came up together do not beat together.
func (c *connection) startKeepalive(ctx actor.Context, announced time.Duration) {
	k := &c.keepalive
	settings := c.rec.Keepalive
	k.interval, k.grace, k.jitter, k.random = settings.Interval, settings.Grace, settings.Jitter, c.rec.Random
	k.oneWay = settings.OneWay
	if announced > 0 {
		k.interval = announced
	}
	now := time.Now()
	k.heardAt = now
	if k.interval <= 0 {
		return
	}
	k.beatAt = now.Add(time.Duration(k.random() * float64(k.interval)))
	c.schedule(ctx, now)
}

// schedule sets the timer to the next thing that can happen.
func (c *connection) schedule(ctx actor.Context, now time.Time) {
	k := &c.keepalive
	k.dueAt = k.beatAt
	if dead := k.heardAt.Add(k.interval + k.grace); !k.oneWay && dead.Before(k.dueAt) && k.interval > 0 {
		k.dueAt = dead
	}
	if k.probing && (k.dueAt.IsZero() || k.probeBy.Before(k.dueAt)) {
		k.dueAt = k.probeBy
	}
	if k.dueAt.IsZero() {
		return // no heartbeats, and no probe any more
	}
	wait := max(k.dueAt.Sub(now), 0)
	if k.timer != nil {
		k.timer.Reset(wait)
		return
	}
	self, root := ctx.Self(), ctx.ActorSystem().Root
	k.timer = time.AfterFunc(wait, func() { root.Send(self, &pulse{}) })
}

// pulse looks at what is due.
//
// A pulse that comes much too late means that this process did not run: the
// machine slept, or was starved. Then silence proves nothing, since nobody
// listened; the peer gets another heartbeat and the grace time to answer it.
// While the inbox is full nobody listens either, by intent.
func (c *connection) pulse(ctx actor.Context) {
	k := &c.keepalive
	if c.conn == nil || c.session == nil || k.finished {
		return
	}
	now := time.Now()
	if overslept := now.Sub(k.dueAt) > max(k.grace, time.Second); overslept || c.paused {
		k.heardAt = now.Add(-k.interval)
		k.beatAt = now
		k.probeBy = now.Add(max(k.grace, time.Second))
	}
	c.read(ctx) // what has arrived counts before silence does
	if c.failed {
		return
	}
	switch {
	case k.probing && !now.Before(k.probeBy):
		c.fail(ctx, messages.Because(messages.ReasonPongTimeout, "nothing was heard within %s of a probe", k.grace))
		return
	case k.interval > 0 && !k.oneWay && now.Sub(k.heardAt) >= k.interval+k.grace:
		code := messages.ReasonIdleTimeout
		if !k.sentAt.IsZero() {
			code = messages.ReasonPongTimeout
		}
		c.fail(ctx, messages.Because(code, "nothing was heard for %s", now.Sub(k.heardAt).Round(time.Millisecond)))
		return
	case k.interval > 0 && !now.Before(k.beatAt):
		k.beatAt = now.Add(time.Duration(float64(k.interval) * (1 + k.jitter*(2*k.random()-1))))
		c.heartbeat(ctx)
		if c.failed {
			return
		}
	}
	c.schedule(ctx, now)
}

// beat writes a heartbeat for somebody who wants to know its round-trip time.
func (c *connection) beat(ctx actor.Context, answer func(any)) {
	if c.keepalive.oneWay {
		answer(messages.Reply{Err: &messages.Error{Op: "ping", Channel: c.rec.Channel, Reason: messages.Because(messages.ReasonNotSupported,
			"the channel's heartbeats are one-way: the peer does not answer them")}})
		return
	}
	k := &c.keepalive
	k.ask(answer)
	switch underway := !k.sentAt.IsZero() && time.Since(k.sentAt) < k.grace; {
	case c.paused:
		k.refuse(unread())
	case !underway: // another one would take its place, and its answer would count for nothing
		c.heartbeat(ctx)
	}
}

// unread is why nobody learns a round-trip time while reading is paused.
func unread() messages.Reason {
	return messages.Because(messages.ReasonSlowConsumer, "inbound waits for the handler, nothing is read")
}

// heartbeat writes one heartbeat. When the socket has no room for it, bytes are
// under way: the heartbeat is left out, and who asked for it is told.
func (c *connection) heartbeat(ctx actor.Context) {
	if c.conn == nil || c.session == nil {
		return
	}
	k := &c.keepalive
	now := time.Now()
	err := c.session.Heartbeat(&c.link)
	reason := transport.ReasonOf(err, messages.ReasonProtocolError)
	switch {
	case err == nil:
		k.sentAt = now
	case reason.Code == messages.ReasonSlowConsumer:
		k.refuse(reason)
	default:
		c.lose(ctx, err)
	}
}

// probe asks for a sign of life within the grace time, unless the peer is known
// not to answer. One that is under way keeps its deadline, however often somebody
// has doubts meanwhile.
func (c *connection) probe(ctx actor.Context) {
	k := &c.keepalive
	if c.conn == nil || c.session == nil || k.oneWay || k.finished || k.probing {
		return
	}
	now := time.Now()
	k.probing, k.probeBy = true, now.Add(max(c.rec.Keepalive.Grace, time.Second))
	c.heartbeat(ctx)
	if !c.failed {
		c.schedule(ctx, now)
	}
}

// pinged remembers the payload that its pong will carry.
func (k *keepalive) pinged(payload []byte) { k.payload = payload }

// pong matches a pong to the last ping.
func (k *keepalive) pong(payload []byte, report func(time.Duration, []func(any))) {
	if bytes.Equal(payload, k.payload) {
		k.answer(report)
	}
}

// answer measures the heartbeat that is unanswered, if there is one.
func (k *keepalive) answer(report func(time.Duration, []func(any))) {
	if k.sentAt.IsZero() {
		return
	}
	rtt, askers := time.Since(k.sentAt), k.askers
	k.sentAt, k.askers = time.Time{}, nil
	report(rtt, askers)
}

// maxAskers bounds those who wait for one round trip.
const maxAskers = 64

// ask remembers somebody who wants to know the round-trip time.
func (k *keepalive) ask(answer func(any)) {
	if len(k.askers) >= maxAskers {
		answer(messages.Reply{Err: &messages.Error{Op: "ping", Reason: messages.Because(messages.ReasonMailboxOverflow,
			"%d others wait for the same heartbeat already", maxAskers)}})
		return
	}
	k.askers = append(k.askers, answer)
}

// refuse answers those who wait for a round trip that will not be measured.
func (k *keepalive) refuse(reason messages.Reason) {
	for _, answer := range k.askers {
		answer(messages.Reply{Err: &messages.Error{Op: "ping", Reason: reason}})
	}
	k.askers = nil
}

// stop ends the timer and answers those who still wait.
func (k *keepalive) stop(reason messages.Reason) {
	k.finished = true
	if k.timer != nil {
		k.timer.Stop()
	}
	k.refuse(reason)
}
