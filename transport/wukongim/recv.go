package wukongim

import (
	"context"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

// receipt comes back when a message was taken.
type receipt struct {
	from   *session
	id     int64
	thread *thread // nil: it has no place in one
	at     uint64
	ack    *wire.Recvack // nil: the server does not wait for one
	upto   uint64        // where what is fetched now ends; 0: no more is
}

// recv takes a message, with its payload opened. One that does not verify is never
// delivered, and not acknowledged either.
func (s *session) recv(link transport.Link, p *wire.Recv, plain []byte, flaw error) error {
	switch {
	case !s.up:
		return malformed("a RECV came before the CONNACK")
	case flaw != nil:
		s.Rejected.Add(1)
		return nil //nolint:nilerr // somebody else's mistake, or an attack: the connection is not to blame
	}
	h := held{Said: Said{meta(p), plain}, at: p.MessageSeq, ack: p.Ack()}
	if h.NoPersist || h.SyncOnce || h.at > lastSeq {
		h.at = 0
	}
	if known, taken := s.memory.seen.begin(h.ID); taken {
		return s.owe(link, h.ack)
	} else if known {
		return nil // it is acknowledged when the handler has returned
	}
	if s.ours(h.Said) {
		return s.echoed(link, h)
	}
	t := s.memory.threads[h.Channel]
	if h.at == 0 && (t == nil || !t.waiting) {
		s.publish(link, nil, h)
		return nil
	}
	t = s.thread(h.Channel)
	if !t.hold(h) {
		s.memory.seen.forget(h.ID)
		t.beyond = max(t.beyond, h.at)
		return nil
	}
	s.pump(link, t)
	return nil
}

// echoed takes what we said ourselves, on a connection that the server took for another
// device's: it had not noticed yet that we were here again.
func (s *session) echoed(link transport.Link, h held) error {
	s.memory.seen.done(h.ID)
	if h.at > 0 {
		t := s.thread(h.Channel)
		t.said(h.at)
		s.pump(link, t)
	}
	return s.owe(link, h.ack)
}

// publish hands a message on. It is acknowledged when it was taken. What comes late has
// lost its place: its room takes places that it has passed for messages that it had.
func (s *session) publish(link transport.Link, t *thread, h held) {
	p := s.publication(h.Said, t.pass(h.at))
	p.Receipt = &receipt{from: s, id: h.ID, thread: t, at: h.at, ack: &h.ack}
	link.Publish(h.Channel.Room(), p)
}

// publication is a message with its place in its room's history. Where none can be
// fetched there are no places, so that what comes late is delivered late.
func (s *session) publication(m Said, at uint64) transport.Publication {
	if s.Syncer == nil {
		at = 0
	}
	return transport.Publication{Kind: messages.KindBinary, Data: m.Payload, Meta: m.Message, Offset: at, Unasked: true}
}

// Taken acknowledges what a handler took, and forgets what none did.
func (s *session) Taken(link transport.Link, what any, taken bool) error {
	r := what.(*receipt)
	if taken {
		s.memory.seen.done(r.id)
	} else {
		s.memory.seen.forget(r.id)
		if r.thread != nil {
			r.thread.miss(r.at)
		}
	}
	if r.from != s { // its server waits no more: what it had not heard of, it says again
		return nil
	}
	if r.upto > 0 {
		s.fill(link, r.thread, r.upto)
	}
	if r.ack == nil || !taken {
		return nil
	}
	return s.owe(link, *r.ack)
}

// owe acknowledges a message, now or when the socket has room.
func (s *session) owe(link transport.Link, ack wire.Recvack) error {
	s.acks = append(s.acks, ack)
	return s.acknowledge(link)
}

func (s *session) acknowledge(link transport.Link) error {
	for len(s.acks) > 0 {
		frame, err := s.tongue.ack(&s.acks[0])
		if err == nil {
			err = link.Write(frame)
		}
		if transport.ReasonOf(err, messages.ReasonOK).Code == messages.ReasonSlowConsumer {
			return nil // there will be room
		}
		if err != nil {
			return err
		}
		s.acks = s.acks[1:]
	}
	s.acks = nil
	return nil
}

// pump delivers what is held, as far as nothing is missing before it.
func (s *session) pump(link transport.Link, t *thread) {
	for len(t.held) > 0 && !t.waiting && !t.filling {
		at := t.held[0].at
		if absent := t.absent(at); absent > 0 {
			switch {
			case absent <= uint64(t.pending) && !t.nagged:
				s.nag(link, t)
				return
			case s.Syncer != nil:
				s.fill(link, t, at)
				return
			}
			s.Gaps.Add(1)
		}
		s.publish(link, t, t.shift())
		if at > 0 {
			t.advance(at)
		}
	}
	if s.Syncer == nil || !t.begun || t.waiting || t.filling {
		return
	}
	switch {
	case t.beyond > t.last: // what there was no room for
		s.fill(link, t, t.beyond+1)
	case len(t.own) > 0 && t.nagged: // what was said before our own, and did not come
		s.fill(link, t, t.own[0])
	case len(t.own) > 0:
		s.nag(link, t)
	}
}

// courtesy is how long answers to our own messages are awaited that may explain a gap,
// for the server tells the others first; and messages of others after such an answer.
const courtesy = 2 * time.Second

// nagged says that the wait is over: what is missing is not ours.
type nagged struct{ thread *thread }

// nag waits for the answers to our messages for a while.
func (s *session) nag(link transport.Link, t *thread) {
	if t.nagging {
		return
	}
	t.nagging = true
	link.Ask(func(ctx context.Context) any {
		select {
		case <-ctx.Done():
		case <-time.After(courtesy):
		}
		return nagged{t}
	})
}

// spoke notes what became of a message of ours; seq is 0 if it is not in the channel.
func (s *session) spoke(link transport.Link, m posted, seq uint64) error {
	t := s.memory.threads[m.channel]
	if t == nil || m.apart {
		return nil
	}
	t.pending = max(t.pending-1, 0)
	if seq > 0 {
		t.said(seq)
	}
	if len(t.own) > heldMessages { // nobody fetches what is missing before them
		s.Gaps.Add(1)
		t.advance(t.own[0])
	}
	s.pump(link, t)
	return nil
}
