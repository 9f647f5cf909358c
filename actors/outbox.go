package actors

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/seed14814784/holdfast/messages"
)

// OutboxLimits bound a channel's outbox.
type OutboxLimits struct {
	Messages      int           // that may be without an outcome at once
	RoomMessages  int           // of these, for one room
	Bytes         int           // that they may have together
	MessageBytes  int           // that one may have
	Overflow      Overflow      // what happens to one too many
	TTL           time.Duration // of messages that bring none; 0: they wait for ever
	AckTimeout    time.Duration // for the peer's answer, if the protocol has one, see Tries; 0: no limit
	FailOnSuspend bool          // give up what waits when the outage becomes long
	Tries         int           // closings by the peer, and missing answers, that one message may bring on; 0: 5 in a Spec, where a very large number is no limit
}

// Overflow is what happens when the outbox is full.
type Overflow uint8

const (
	// Reject refuses the new message: the send is an error.
	Reject Overflow = iota
	// DropOldest gives up the message that has waited longest, of those that no
	// connection has begun to write.
	DropOldest
	// DropNewest takes the new message only to drop it: its outcome says so.
	DropNewest
)

// String returns the policy's name.
func (o Overflow) String() string {
	switch o {
	case DropOldest:
		return "DropOldest"
	case DropNewest:
		return "DropNewest"
	default:
		return "Reject"
	}
}

// outbox holds the messages of a channel that have no outcome yet. They wait in
// the order in which they were accepted, are handed to a connection in that
// order, and come back to the front in that order when the connection ends
// before it wrote them. Until a connection begins to write it, a message that
// was handed over can still expire or be dropped.
//
// A message is admitted by its sender's goroutine, before any mailbox, so that
// the bound holds at once and a crash of the channel loses nothing. Hence the
// lock: it is held for a few instructions, never while anything is called.
type outbox struct {
	*Settings // of its channel

	mu      sync.Mutex
	shut    *messages.Reason // why nothing is accepted; nil while open
	late    atomic.Uint32    // lateness of answers, since it was last asked
	closed  bool             // for good: what comes back from a connection fails
	resend  bool             // the peer drops a message it had
	deaf    bool             // nobody reads what the peer answers
	waiting []*parcel        // not handed to a connection
	handed  []*parcel        // handed to the connection, in order: first those that it has begun to write
	bytes   int
	last    messages.MessageID
	sent    uint64
	rooms   map[messages.RoomID]*roomShare // whose messages are accepted
	soonest atomic.Int64                   // the moment before which no message runs out of time; 0: none does
}

// parcel is a message on its way.
type parcel struct {
	receipt Receipt
	message messages.Message
	expires moment // zero: never
	answer  moment // when written and awaiting an acknowledgement: its deadline
	begun   bool   // a connection writes it, or has written it
	written bool
	left    bool       // it was written on a connection that is gone: the peer may have it
	tries   int32      // connections that were lost over it
	share   *roomShare // of its room's life; nil: it is for no room
}

func (p *parcel) id() messages.MessageID { return p.receipt.id }

// Shut refuses messages from now on, for that reason.
func (o *outbox) Shut(reason messages.Reason) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.shut = &reason
}

// Accept takes a message, or says why not: ReasonNotConnected and the like when
// the outbox is shut, ReasonTooLarge, ReasonInvalidMessage, ReasonOutboxFull.
func (o *outbox) Accept(message messages.Message) (*Receipt, error) {
	if reason := o.unfit(message); reason.Code != messages.ReasonOK {
		return nil, &messages.Error{Op: "send", Channel: o.Channel, Reason: reason}
	}
	o.mu.Lock()
	if o.shut != nil {
		reason := *o.shut
		o.mu.Unlock()
		return nil, &messages.Error{Op: "send", Channel: o.Channel, Reason: reason}
	}
	if reason := o.stranger(message.Room); reason.Code != messages.ReasonOK {
		o.mu.Unlock()
		return nil, &messages.Error{Op: "send", Channel: o.Channel, Reason: reason}
	}
	var outcomes []verdict
	if o.Outbox.Overflow == DropOldest {
		for _, p := range o.excess(message) {
			outcomes = append(outcomes, o.drop(p))
		}
	}
	full := o.full(message)
	if full && o.Outbox.Overflow != DropNewest {
		reason := o.fullness(message.Room)
		o.mu.Unlock()
		o.tell(outcomes...)
		return nil, &messages.Error{Op: "send", Channel: o.Channel, Reason: reason}
	}
	p := o.enter(message)
	if full {
		outcomes = append(outcomes, o.drop(p))
	}
	o.mu.Unlock()
	o.tell(outcomes...)
	return &p.receipt, nil
}

// unfit says what is wrong with a message by itself.
func (o *outbox) unfit(message messages.Message) messages.Reason {
	switch {
	case len(message.Data) > min(o.Outbox.MessageBytes, o.Outbox.Bytes):
		return messages.Because(messages.ReasonTooLarge, "the message has %d bytes, the limit is %d", len(message.Data), min(o.Outbox.MessageBytes, o.Outbox.Bytes))
	case message.Kind > messages.KindBinary:
		return messages.Because(messages.ReasonInvalidMessage, "kind %d is neither text nor binary", message.Kind)
	case message.Kind == messages.KindText && !utf8.Valid(message.Data):
		return messages.Because(messages.ReasonInvalidMessage, "a text message must be UTF-8 (RFC 6455, 5.6); send it as binary")
	case message.TTL < 0:
		return messages.Because(messages.ReasonInvalidMessage, "the time to live %s is negative", message.TTL)
	}
	return messages.Reason{}
}

func (o *outbox) full(message messages.Message) bool {
	return len(o.waiting)+len(o.handed) >= o.Outbox.Messages || o.bytes+len(message.Data) > o.Outbox.Bytes || o.crowded(message.Room)
}

// crowded reports whether a room has used up its share.
func (o *outbox) crowded(id messages.RoomID) bool {
	share := o.rooms[id]
	return share != nil && o.Outbox.RoomMessages > 0 && share.count >= o.Outbox.RoomMessages
}

func (o *outbox) fullness(room messages.RoomID) messages.Reason {
	if o.crowded(room) {
		return messages.Because(messages.ReasonOutboxFull, "%d messages for room %q have no outcome yet, which is the limit; wait for receipts, send less, or choose a policy that drops",
			o.Outbox.RoomMessages, string(room))
	}
	return messages.Because(messages.ReasonOutboxFull,
		"%d messages and %d bytes have no outcome yet, the limits are %d and %d; wait for receipts, send less, or choose a policy that drops",
		len(o.waiting)+len(o.handed), o.bytes, o.Outbox.Messages, o.Outbox.Bytes)
}

// excess is what must go to make room, oldest first; none also if there would
// be no room without all that could go. A room that has used up its share makes
// room by messages of its own.
func (o *outbox) excess(message messages.Message) []*parcel {
	var out []*parcel
	count, bytes := len(o.waiting)+len(o.handed), o.bytes+len(message.Data)
	crowded := o.crowded(message.Room)
	fits := func() bool { return count < o.Outbox.Messages && bytes <= o.Outbox.Bytes && !crowded }
	for _, list := range [][]*parcel{o.handed, o.waiting} {
		for _, p := range list {
			if fits() {
				return out
			}
			if p.begun || crowded && p.share != o.rooms[message.Room] {
				continue
			}
			out = append(out, p)
			count, bytes, crowded = count-1, bytes-len(p.message.Data), false
		}
	}
	if !fits() {
		return nil
	}
	return out
}

func (o *outbox) enter(message messages.Message) *parcel {
	o.last++
	p := &parcel{message: message, share: o.rooms[message.Room], receipt: Receipt{id: o.last, channel: o.Channel, room: message.Room}}
	ttl := message.TTL
	if ttl == 0 {
		ttl = o.Outbox.TTL
	}
	if ttl > 0 {
		p.expires = rightNow().add(ttl)
		o.watch(p.expires)
	}
	o.waiting = append(o.waiting, p)
	o.bytes += len(message.Data)
	o.weigh(p, 1)
	return p
}

// watch keeps the time at which a sweep has something to do.
func (o *outbox) watch(at moment) {
	if soonest := o.deadline(); soonest.isZero() || at.before(soonest) {
		o.soonest.Store(int64(at))
	}
}

func (o *outbox) drop(p *parcel) verdict {
	if i := slices.Index(o.handed, p); i >= 0 {
		o.handed = slices.Delete(o.handed, i, i+1)
	} else if i := slices.Index(o.waiting, p); i >= 0 {
		o.waiting = slices.Delete(o.waiting, i, i+1)
	}
	return o.leave(p, messages.ResultDropped, messages.Because(messages.ReasonSuperseded, "the outbox was full and its policy is %s", o.Outbox.Overflow))
}

// verdict is an outcome on its way to the receipt, outside the lock.
type verdict struct {
	receipt *Receipt
	outcome messages.Outcome
}

// leave removes a parcel's weight and says what became of it. Whoever keeps the receipt
// does not keep the message.
func (o *outbox) leave(p *parcel, result messages.Result, reason messages.Reason) verdict {
	o.bytes -= len(p.message.Data)
	o.weigh(p, -1)
	if result.OK() {
		o.sent++
	}
	if p.left && (result == messages.ResultExpired || result == messages.ResultDropped || result == messages.ResultFailed) {
		// These promise that the peer never got it, and that nobody can know.
		result, reason = messages.ResultUnknown, messages.Because(messages.ReasonOutcomeUnknown,
			"it was written on a connection that was lost before the peer answered, and not again: %s", reason)
	}
	p.message = messages.Message{}
	return verdict{&p.receipt, messages.Outcome{Channel: o.Channel, Room: p.receipt.room, ID: p.id(), Result: result, Reason: reason, At: time.Now()}}
}

func (o *outbox) tell(verdicts ...verdict) {
	for _, v := range verdicts {
		v.receipt.settle(v.outcome)
		if o.Observer.Watched() {
			o.Observer.Publish(v.outcome, nil)
		}
	}
}

// Depth is how many messages have no outcome, and their bytes.
func (o *outbox) Depth() (count, bytes int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.waiting) + len(o.handed), o.bytes
}

// Sent is how many messages were written or delivered.
func (o *outbox) Sent() uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.sent
}
