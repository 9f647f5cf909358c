package actors

import (
	"bytes"
	"cmp"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// keepalive notices dead peers. Everything in it belongs to one connection, so
// nothing of an old connection can condemn a new one. Any inbound is proof of
// life; a pong only adds the round-trip time.
type keepalive struct {
	interval time.Duration // 0: off
	alarm    alarm
	beatAt   moment // the next heartbeat
	heardAt  moment
	trip     *trip // nil while nothing is on its way
}

// trip is a heartbeat on its way to the peer and back.
type trip struct {
	sentAt  time.Time // zero: there are only those who want to know
	payload []byte    // of the ping
	askers  []func(any)
	probeBy moment // somebody has doubts, and must be wrong by then; zero: nobody
}

// underway is the trip that is, or begins.
func (k *keepalive) underway() *trip {
	if k.trip == nil {
		k.trip = &trip{}
	}
	return k.trip
}

// unanswered reports whether a heartbeat is.
func (k *keepalive) unanswered() bool { return k.trip != nil && !k.trip.sentAt.IsZero() }

// probeBy is when a probe is over that nobody has answered; zero: there is none.
func (k *keepalive) probeBy() moment {
	if k.trip == nil {
		return 0
	}
	return k.trip.probeBy
}

func (k *keepalive) probing() bool { return !k.probeBy().isZero() }

// startKeepalive begins heartbeats: the first at a random part of the interval,
// so that channels which came up together do not beat together.
func (c *connection) startKeepalive(announced time.Duration) {
	k := &c.keepalive
	k.interval = c.rec.Keepalive.Interval
	if announced > 0 {
		k.interval = announced
	}
	now := rightNow()
	k.heardAt = now
	if k.interval <= 0 {
		return
	}
	k.beatAt = now.add(time.Duration(c.rec.Random() * float64(k.interval)))
	c.schedule()
}

// Heartbeats wait for each other, for a part of their interval: so many times in an
// interval, and not longer than this.
const (
	perInterval = 64
	coarsest    = 250 * time.Millisecond
)

// schedule sets the alarm to the next thing that can happen.
func (c *connection) schedule() {
	k := &c.keepalive
	due := k.beatAt
	if dead := k.heardAt.add(k.interval + c.rec.Keepalive.Grace); !c.rec.Keepalive.OneWay && dead.before(due) && k.interval > 0 {
		due = dead
	}
	if by := k.probeBy(); !by.isZero() && (due.isZero() || by.before(due)) {
		due = by
	}
	if due.isZero() {
		return // no heartbeats, and no probe any more
	}
	slack := min(cmp.Or(k.interval, c.rec.Keepalive.Grace)/perInterval, coarsest)
	c.rec.Alarms.set(&k.alarm, due, slack, c)
}

// pulse looks at what is due.
//
// A pulse that comes much too late means that this process did not run: the
// machine slept, or was starved. Then silence proves nothing, since nobody
// listened; the peer gets another heartbeat and the grace time to answer it.
// While the inbox is full nobody listens either, by intent.
func (c *connection) pulse() {
	k := &c.keepalive
	if c.conn == nil || c.session == nil || c.resting {
		return
	}
	now, rules := rightNow(), &c.rec.Keepalive
	if overslept := now.sub(k.alarm.at) > max(rules.Grace, time.Second); overslept || c.paused {
		k.heardAt = now.add(-k.interval)
		k.beatAt = now
		if k.probing() {
			k.trip.probeBy = now.add(max(rules.Grace, time.Second))
		}
	}
	c.rec.outbox.rest()
	unproved := k.probing() && !now.before(k.probeBy())
	silent := k.interval > 0 && !rules.OneWay && now.sub(k.heardAt) >= k.interval+rules.Grace
	if unproved || silent {
		c.read() // what has arrived counts before silence does
		if c.over {
			return
		}
	}
	switch {
	case k.probing() && !now.before(k.probeBy()):
		c.fail(messages.Because(messages.ReasonPongTimeout, "nothing was heard within %s of a probe", rules.Grace))
		return
	case k.interval > 0 && !rules.OneWay && now.sub(k.heardAt) >= k.interval+rules.Grace:
		code := messages.ReasonIdleTimeout
		if k.unanswered() {
			code = messages.ReasonPongTimeout
		}
		c.fail(messages.Because(code, "nothing was heard for %s", now.sub(k.heardAt).Round(time.Millisecond)))
		return
	case k.interval > 0 && !now.before(k.beatAt):
		k.beatAt = now.add(time.Duration(float64(k.interval) * (1 + rules.Jitter*(2*c.rec.Random()-1))))
		c.schedule() // now: a session may leave by Goexit
		c.heartbeat()
		return
	}
	c.schedule()
}

// beat writes a heartbeat for somebody who wants to know its round-trip time.
func (c *connection) beat(answer func(any)) {
	if c.rec.Keepalive.OneWay {
		answer(messages.Reply{Err: &messages.Error{Op: "ping", Channel: c.rec.Channel, Reason: messages.Because(messages.ReasonNotSupported,
			"the channel's heartbeats are one-way: the peer does not answer them")}})
		return
	}
	k := &c.keepalive
	k.ask(answer)
	switch underway := k.unanswered() && time.Since(k.trip.sentAt) < c.rec.Keepalive.Grace; {
	case c.paused:
		k.refuse(unread())
	case !underway: // another one would take its place, and its answer would count for nothing
		c.heartbeat()
	}
}

// unread is why nobody learns a round-trip time while reading is paused.
func unread() messages.Reason {
	return messages.Because(messages.ReasonSlowConsumer, "inbound waits for the handler, nothing is read")
}

// heartbeat writes one heartbeat. When the socket has no room for it, bytes are
// under way: the heartbeat is left out, and who asked for it is told.
func (c *connection) heartbeat() {
	if c.conn == nil || c.session == nil {
		return
	}
	k := &c.keepalive
	now := time.Now()
	err := c.session.Heartbeat(c.link())
	reason := transport.ReasonOf(err, messages.ReasonProtocolError)
	switch {
	case err == nil:
		k.underway().sentAt = now
	case reason.Code == messages.ReasonSlowConsumer:
		k.refuse(reason)
	default:
		c.lose(err)
	}
}

// probe asks for a sign of life within the grace time, unless the peer is known
// not to answer. One that is under way keeps its deadline, however often somebody
// has doubts meanwhile.
func (c *connection) probe() {
	k := &c.keepalive
	if c.conn == nil || c.session == nil || c.rec.Keepalive.OneWay || c.resting || k.probing() {
		return
	}
	k.underway().probeBy = rightNow().add(max(c.rec.Keepalive.Grace, time.Second))
	c.heartbeat()
	if !c.over {
		c.schedule()
	}
}

// pinged remembers the payload that its pong will carry.
func (k *keepalive) pinged(payload []byte) { k.underway().payload = payload }

// pong matches a pong to the last ping.
func (k *keepalive) pong(payload []byte, report func(time.Duration, []func(any))) {
	if k.trip != nil && bytes.Equal(payload, k.trip.payload) {
		k.answer(report)
	}
}

// answer measures the heartbeat that is unanswered, if there is one.
func (k *keepalive) answer(report func(time.Duration, []func(any))) {
	if !k.unanswered() {
		return
	}
	t := k.trip
	k.trip = nil
	report(time.Since(t.sentAt), t.askers)
}

// maxAskers bounds those who wait for one round trip.
const maxAskers = 64

// ask remembers somebody who wants to know the round-trip time.
func (k *keepalive) ask(answer func(any)) {
	t := k.underway()
	if len(t.askers) >= maxAskers {
		answer(messages.Reply{Err: &messages.Error{Op: "ping", Reason: messages.Because(messages.ReasonMailboxOverflow,
			"%d others wait for the same heartbeat already", maxAskers)}})
		return
	}
	t.askers = append(t.askers, answer)
}

// refuse answers those who wait for a round trip that will not be measured.
func (k *keepalive) refuse(reason messages.Reason) {
	if k.trip == nil {
		return
	}
	for _, answer := range k.trip.askers {
		answer(messages.Reply{Err: &messages.Error{Op: "ping", Reason: reason}})
	}
	k.trip.askers = nil
}

// rest ends the heartbeats and answers those who still wait.
func (c *connection) rest(reason messages.Reason) {
	c.resting = true
	c.rec.Alarms.clear(&c.keepalive.alarm)
	c.keepalive.refuse(reason)
}
