package actors

import (
	"fmt"
	"slices"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// The window of messages that may be with a connection and not written yet. It
// keeps a connection busy without letting its mailbox and its write buffer grow.
const (
	windowMessages = 256
	windowBytes    = 256 << 10
)

// hand takes the messages that a connection may write now.
func (o *Outbox) hand(now time.Time) []*parcel {
	o.mu.Lock()
	bytes, count := 0, 0
	for _, p := range o.handed {
		if !p.written {
			bytes += len(p.message.Data)
			count++
		}
	}
	var expired []verdict
	n := 0
	for _, p := range o.waiting {
		if !p.expires.IsZero() && !p.expires.After(now) {
			expired = append(expired, o.expire(p))
			n++
			continue
		}
		if count >= windowMessages || (count > 0 && bytes+len(p.message.Data) > windowBytes) {
			break
		}
		o.handed = append(o.handed, p)
		bytes += len(p.message.Data)
		count++
		n++
	}
	o.waiting = slices.Delete(o.waiting, 0, n)
	batch := slices.Clone(o.handed[len(o.handed)-(n-len(expired)):])
	o.mu.Unlock()
	o.tell(expired)
	return batch
}

// written notes that the system took all bytes of a message. Without
// acknowledgements that is its outcome; with them its answer is awaited.
func (o *Outbox) written(id messages.MessageID, acknowledged bool) {
	if !acknowledged {
		o.answered(id, messages.ResultWritten, messages.Reason{})
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	i := o.find(id)
	if i < 0 {
		return
	}
	o.handed[i].written = true
	if o.limits.AckTimeout > 0 {
		o.handed[i].answer = time.Now().Add(o.limits.AckTimeout)
		o.watch(o.handed[i].answer)
	}
}

// answered notes what became of a message that a connection holds.
func (o *Outbox) answered(id messages.MessageID, result messages.Result, reason messages.Reason) {
	o.mu.Lock()
	i := o.find(id)
	if i < 0 {
		o.mu.Unlock()
		return
	}
	p := o.handed[i]
	o.handed = slices.Delete(o.handed, i, i+1)
	v := o.leave(p, result, reason)
	o.mu.Unlock()
	o.tell([]verdict{v})
}

func (o *Outbox) find(id messages.MessageID) int {
	return slices.IndexFunc(o.handed, func(p *parcel) bool { return p.id == id })
}

// reclaim takes back what a connection held, once that is gone for certain.
// What it had not written goes to the front again, in order. What it had
// written without an answer goes there too if sending it twice does no harm;
// else nobody can know, and its outcome says so.
//
// writing is the message that was being written when the connection was lost,
// 0 if there was none, and cause is why it was lost: see spoiled.
func (o *Outbox) reclaim(resend bool, writing messages.MessageID, cause messages.Reason) {
	o.mu.Lock()
	var verdicts []verdict
	var back []*parcel
	for _, p := range o.handed {
		p.left = p.left || p.written
		switch {
		case p.written && !resend && !p.message.AllowDuplicate:
			verdicts = append(verdicts, o.leave(p, messages.ResultUnknown, messages.Because(messages.ReasonOutcomeUnknown, "the connection was lost before the peer answered")))
		case o.closed:
			verdicts = append(verdicts, o.leave(p, messages.ResultFailed, messages.Because(messages.ReasonFailedOnClose, "the channel ended before the message was written")))
		case p.id == writing && !p.written && o.spoiled(p, cause):
			verdicts = append(verdicts, o.quarantine(p, cause))
		default:
			p.written, p.answer = false, time.Time{}
			back = append(back, p)
			if !p.expires.IsZero() {
				o.watch(p.expires) // while it was with the connection, nobody did
			}
		}
	}
	o.handed = nil
	o.waiting = append(back, o.waiting...)
	o.mu.Unlock()
	o.tell(verdicts)
}

// spoiled reports whether a message must not be tried again. Messages leave in
// order, so one that the peer cannot stand would end every connection and hold
// up all that wait behind it, for ever.
func (o *Outbox) spoiled(p *parcel, cause messages.Reason) bool {
	p.tries++
	return tooBig(cause) || o.limits.Tries > 0 && p.tries >= o.limits.Tries
}

// quarantine takes a spoiled message out of the way.
func (o *Outbox) quarantine(p *parcel, cause messages.Reason) verdict {
	if tooBig(cause) {
		return o.leave(p, messages.ResultRejected, messages.Reason{
			Code: messages.ReasonTooLarge, Wire: cause.Wire, Detail: "the peer ended the connection over it",
		})
	}
	return o.leave(p, messages.ResultFailed, messages.Reason{
		Code: messages.ReasonWriteError, Wire: cause.Wire,
		Detail: fmt.Sprintf("%d connections were lost while it was being written; the last: %s", p.tries, cause),
	})
}

// tooBig reports whether a peer closed because a message is too big for it
// (RFC 6455, 7.4.1).
func tooBig(cause messages.Reason) bool {
	return cause.Wire.Scheme == "websocket" && cause.Wire.Code == 1009
}

// fail gives up everything that waits. What a connection still holds is
// decided when that is gone.
func (o *Outbox) fail(code messages.Code, why string) {
	o.mu.Lock()
	verdicts := make([]verdict, 0, len(o.waiting))
	for _, p := range o.waiting {
		verdicts = append(verdicts, o.leave(p, messages.ResultFailed, messages.Because(code, "%s", why)))
	}
	o.waiting = nil
	o.mu.Unlock()
	o.tell(verdicts)
}

// abandon makes the connection's return the end of what it holds, and gives up
// what waits; reuse takes that back.
func (o *Outbox) abandon(why string) {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
	o.fail(messages.ReasonFailedOnClose, why)
}

func (o *Outbox) reuse() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed, o.shut = false, nil
}

// deadline is when to sweep next; zero: never.
func (o *Outbox) deadline() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.soonest
}

// sweep ends messages whose time is up.
func (o *Outbox) sweep(now time.Time) {
	o.mu.Lock()
	var verdicts []verdict
	o.soonest = time.Time{}
	o.waiting = slices.DeleteFunc(o.waiting, func(p *parcel) bool {
		switch {
		case p.expires.IsZero():
			return false
		case p.expires.After(now):
			o.watch(p.expires)
			return false
		}
		verdicts = append(verdicts, o.expire(p))
		return true
	})
	o.handed = slices.DeleteFunc(o.handed, func(p *parcel) bool {
		switch {
		case p.answer.IsZero():
			return false
		case p.answer.After(now):
			o.watch(p.answer)
			return false
		}
		verdicts = append(verdicts, o.leave(p, messages.ResultUnknown, messages.Because(messages.ReasonAckTimeout, "the peer did not answer within %s", o.limits.AckTimeout)))
		return true
	})
	o.mu.Unlock()
	o.tell(verdicts)
}

func (o *Outbox) expire(p *parcel) verdict {
	return o.leave(p, messages.ResultExpired, messages.Because(messages.ReasonExpired, "it was not written within its time to live"))
}

// stirs reports whether progress of a connection is news to the channel: more
// can be handed out, an end is awaited, or a deadline may have changed.
func (o *Outbox) stirs() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.waiting) > 0 || o.shut != nil || !o.soonest.IsZero()
}

// empty reports whether every message has its outcome.
func (o *Outbox) empty() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.waiting) == 0 && len(o.handed) == 0
}
