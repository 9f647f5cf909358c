package actors

import (
	"fmt"
	"slices"
	"sort"

	"github.com/seed14814784/holdfast/messages"
)

// The window of messages that may be with a connection and not written yet. It
// keeps a connection busy without letting its mailbox and its write buffer grow.
const (
	windowMessages = 256
	windowBytes    = 256 << 10
)

// window is how many messages, and bytes of more than one, a connection may
// hold unwritten: never more than half the outbox, so that in a full one there
// is something to drop, however long the peer takes nothing.
func (o *outbox) window() (count, bytes int) {
	return min(windowMessages, max(1, o.Outbox.Messages/2)), min(windowBytes, o.Outbox.Bytes/2)
}

// hand lets the connection have the messages that it may write now, and reports
// whether there are any.
func (o *outbox) hand() bool {
	o.mu.Lock()
	var overdue []verdict
	if soonest := o.deadline(); !soonest.isZero() {
		if now := rightNow(); !now.before(soonest) {
			overdue = o.lapse(now)
		}
	}
	count, bytes := 0, 0
	for _, p := range o.handed {
		if !p.written {
			bytes += len(p.message.Data)
			count++
		}
	}
	most, mostBytes := o.window()
	full, before := false, len(o.handed)
	o.waiting = slices.DeleteFunc(o.waiting, func(p *parcel) bool {
		if full || o.heldBack(p) { // it takes up no room
			return false
		}
		if full = count >= most || count > 0 && bytes+len(p.message.Data) > mostBytes; full {
			return false
		}
		bytes += len(p.message.Data)
		count++
		o.handed = append(o.handed, p)
		return true
	})
	some := len(o.handed) > before
	o.mu.Unlock()
	o.tell(overdue...)
	return some
}

// begin gives the connection the next message to write, nil if there is none, and says
// whether there are more. From now on it does not expire, nor make room for another one.
func (o *outbox) begin() (p *parcel, more bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	i := o.begun()
	if i == len(o.handed) {
		return nil, false
	}
	o.handed[i].begun = true
	return o.handed[i], i+1 < len(o.handed)
}

// begun is how many messages the connection has begun to write.
func (o *outbox) begun() int {
	return sort.Search(len(o.handed), func(i int) bool { return !o.handed[i].begun })
}

// putOff takes back that a message was begun: the socket has no room.
func (o *outbox) putOff(p *parcel) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p.begun = false
	if !p.expires.isZero() {
		o.watch(p.expires)
	}
}

// backlog reports whether the connection has messages to write.
func (o *outbox) backlog() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.begun() < len(o.handed)
}

// written notes that the system took all bytes of a message. Without
// acknowledgements that is its outcome; with them its answer is awaited. It reports
// whether it stirs, see there.
func (o *outbox) written(id messages.MessageID, acknowledged bool) (stirs bool) {
	if !acknowledged {
		return o.answered(id, messages.ResultWritten, messages.Reason{}, nil)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if i := o.find(id); i >= 0 {
		o.handed[i].written = true
		if o.Outbox.AckTimeout > 0 {
			o.handed[i].answer = rightNow().add(o.Outbox.AckTimeout)
			o.watch(o.handed[i].answer)
		}
	}
	return o.stirs()
}

// answered notes what became of a message that a connection holds. It reports whether it
// stirs, see there.
func (o *outbox) answered(id messages.MessageID, result messages.Result, reason messages.Reason, meta any) (stirs bool) {
	o.mu.Lock()
	i := o.find(id)
	if i < 0 {
		defer o.mu.Unlock()
		return o.stirs()
	}
	p := o.handed[i]
	o.handed = slices.Delete(o.handed, i, i+1)
	v := o.leave(p, result, reason)
	v.outcome.Meta = meta
	stirs = o.stirs()
	o.mu.Unlock()
	o.tell(v)
	return stirs
}

func (o *outbox) find(id messages.MessageID) int {
	return slices.IndexFunc(o.handed, func(p *parcel) bool { return p.id() == id })
}

// reclaim takes back what a connection held, once that is gone for certain.
// What it had not written goes to the front again, in order. What it had
// written without an answer goes there too if sending it twice does no harm;
// else nobody can know, and its outcome says so.
//
// blamed is the message that the connection may have been lost over, 0 if there
// is none, and cause is why it was lost: see spoiled.
func (o *outbox) reclaim(blamed messages.MessageID, cause messages.Reason) {
	o.mu.Lock()
	var verdicts []verdict
	var back []*parcel
	for _, p := range o.handed {
		p.left = p.left || p.written
		switch {
		case p.written && !o.resendable(p):
			verdicts = append(verdicts, o.leave(p, messages.ResultUnknown, messages.Because(messages.ReasonOutcomeUnknown, "the connection was lost before the peer answered")))
		case o.closed:
			verdicts = append(verdicts, o.leave(p, messages.ResultFailed, messages.Because(messages.ReasonFailedOnClose, "the channel ended before the message was written")))
		case p.share != nil && p.share.over:
			verdicts = append(verdicts, o.leave(p, messages.ResultFailed, messages.Because(messages.ReasonNotInRoom, "the room was left before the message was written")))
		case p.id() == blamed && !p.written && o.spoiled(p, cause):
			verdicts = append(verdicts, o.quarantine(p, cause))
		default:
			p.begun, p.written, p.answer = false, false, 0
			back = append(back, p)
			if !p.expires.isZero() {
				o.watch(p.expires) // while it was being written, nobody did
			}
		}
	}
	o.handed, o.deaf = nil, false
	o.waiting = append(back, o.waiting...)
	o.mu.Unlock()
	o.tell(verdicts...)
}

// spoiled reports whether a message must not be tried again. Messages leave in
// order, so one that the peer cannot stand would end every connection and hold
// up all that wait behind it, for ever. Only what the peer says counts: one that
// stalls or vanishes says nothing about the message.
func (o *outbox) spoiled(p *parcel, cause messages.Reason) bool {
	if tooBig(cause) {
		return true
	}
	if objects(cause) {
		p.tries++
	}
	return o.Outbox.Tries > 0 && int(p.tries) >= o.Outbox.Tries
}

// quarantine takes a spoiled message out of the way.
func (o *outbox) quarantine(p *parcel, cause messages.Reason) verdict {
	reason := messages.Reason{Code: messages.ReasonTooLarge, Wire: cause.Wire, Detail: "the peer ended the connection over it"}
	if !tooBig(cause) {
		reason.Code = messages.ReasonNack
		reason.Detail = fmt.Sprintf("the peer ended %d connections while it was being written; the last: %s", p.tries, cause)
	}
	return o.leave(p, messages.ResultRejected, reason)
}

// tooBig reports whether a peer closed because a message is too big for it
// (RFC 6455, 7.4.1).
func tooBig(cause messages.Reason) bool {
	return cause.Wire.Scheme == "websocket" && cause.Wire.Code == 1009
}

// objects reports whether a peer closed with a code that may be about what it
// was sent. The others are about the peer itself or the way to it (RFC 6455,
// 7.4.1).
func objects(cause messages.Reason) bool {
	switch cause.Wire.Code {
	case 1000, 1001, 1005, 1006, 1011, 1012, 1013, 1014, 1015:
		return false
	}
	return cause.Wire.Scheme == "websocket"
}

// fail gives up everything that waits. What a connection still holds is
// decided when that is gone.
func (o *outbox) fail(code messages.Code, why string) {
	o.mu.Lock()
	verdicts := make([]verdict, 0, len(o.waiting))
	for _, p := range o.waiting {
		verdicts = append(verdicts, o.leave(p, messages.ResultFailed, messages.Because(code, "%s", why)))
	}
	o.waiting = nil
	o.mu.Unlock()
	o.tell(verdicts...)
}

// abandon makes the connection's return the end of what it holds, and gives up
// what waits; reuse takes that back.
func (o *outbox) abandon(why string) {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
	o.fail(messages.ReasonFailedOnClose, why)
}

func (o *outbox) reuse() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed, o.shut = false, nil
}

// deadline is when to sweep next; zero: never.
func (o *outbox) deadline() moment { return moment(o.soonest.Load()) }

// sweep ends messages whose time is up.
func (o *outbox) sweep(now moment) {
	o.mu.Lock()
	verdicts := o.lapse(now)
	o.mu.Unlock()
	o.tell(verdicts...)
}

func (o *outbox) lapse(now moment) []verdict {
	var verdicts []verdict
	o.soonest.Store(0)
	over := func(p *parcel) bool {
		switch due := p.due(); {
		case due.isZero(), p.begun && o.deaf:
			return false
		case now.before(due):
			o.watch(due)
			return false
		case p.begun && o.again(p):
			o.late.Store(uint32(stalled))
			p.answer = 0
			return false
		case p.begun:
			o.late.Store(max(o.late.Load(), uint32(doubtful)))
			verdicts = append(verdicts, o.leave(p, messages.ResultUnknown, messages.Because(messages.ReasonAckTimeout, "the peer did not answer within %s", o.Outbox.AckTimeout)))
		default:
			verdicts = append(verdicts, o.leave(p, messages.ResultExpired, messages.Because(messages.ReasonExpired, "it was not written within its time to live")))
		}
		return true
	}
	o.handed = slices.DeleteFunc(o.handed, over)
	o.waiting = slices.DeleteFunc(o.waiting, over)
	return verdicts
}

// listens notes whether somebody reads what the peer answers. While the handler is
// behind, nobody does: the answers may be there, so their time begins anew after it.
func (o *outbox) listens(is bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.deaf == !is {
		return
	}
	o.deaf = !is
	for _, p := range o.handed {
		if is && !p.answer.isZero() {
			p.answer = rightNow().add(o.Outbox.AckTimeout)
			o.watch(p.answer)
		}
	}
}

// lateness is what missing answers say about a connection.
type lateness uint8

const (
	punctual lateness = iota
	doubtful          // it should give a sign of life
	stalled           // what it did not answer is to be sent again on another one
)

// lateness tells what missing answers say, once.
func (o *outbox) lateness() lateness {
	if o.late.Load() == uint32(punctual) {
		return punctual
	}
	return lateness(o.late.Swap(uint32(punctual)))
}

// again reports whether a message without an answer is sent again, and counts
// that. A peer that never answers it must not end connections for ever.
func (o *outbox) again(p *parcel) bool {
	if !o.resendable(p) || o.closed || o.shut != nil {
		return false // no connection follows this one
	}
	p.tries++
	return o.Outbox.Tries <= 0 || int(p.tries) < o.Outbox.Tries
}

// resendable reports whether sending a message twice does no harm.
func (o *outbox) resendable(p *parcel) bool { return o.resend || p.message.AllowDuplicate }

// resends notes whether the peer of this connection drops a message it had.
func (o *outbox) resends(is bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.resend = is
}

// due is when a message's time is up; zero: never. Once its writing has begun,
// that is when the peer should have answered.
func (p *parcel) due() moment {
	if p.begun {
		return p.answer
	}
	return p.expires
}

// stirs reports whether progress of a connection is news to the channel: more
// can be handed out, an end is awaited, or a deadline may have changed. The lock is held.
func (o *outbox) stirs() bool {
	return len(o.waiting) > 0 || o.shut != nil || !o.deadline().isZero()
}

// rest gives back the room that a burst took.
func (o *outbox) rest() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.waiting) == 0 {
		o.waiting = nil
	}
	if len(o.handed) == 0 {
		o.handed = nil
	}
}

// empty reports whether every message has its outcome.
func (o *outbox) empty() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.waiting) == 0 && len(o.handed) == 0
}
