package centrifugo

import (
	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// pushed handles what the server says by itself.
func (s *session) pushed(link transport.Link, p *push) error {
	switch {
	case p.Pub != nil:
		s.published(link, p.Channel, *p.Pub)
	case p.Unsubscribe != nil:
		s.out(link, p.Channel, *p.Unsubscribe)
	case p.Subscribe != nil:
		s.memory.subs[p.Channel] = p.Subscribe.position()
	case p.Message != nil:
		link.Deliver(messages.KindText, "", p.Message.Data)
	case p.Refresh != nil:
		link.Renewed(p.Refresh.ttl())
	case p.Disconnect != nil:
		return &messages.Error{Op: "receive", Reason: disconnected(p.Disconnect.Code, p.Disconnect.Reason)}
	case p.Join != nil || p.Leave != nil || p.Connect != nil: // who else comes and goes is not asked for
	default:
		s.Ignored.Add(1)
	}
	return nil
}

// published hands on a publication: of a room that was joined, or of a
// subscription that the server made.
func (s *session) published(link transport.Link, channel string, p publication) {
	room := messages.RoomID(channel)
	position, unasked := s.memory.subs[channel]
	if !unasked || s.rooms[room] != nil {
		link.Publish(room, p.in())
		return
	}
	if p.Offset != 0 && p.Offset <= position.Offset {
		return // it was delivered before
	}
	in := p.in()
	in.Unasked = true
	link.Publish(room, in)
	if p.Offset != 0 {
		position.Offset = p.Offset
		s.memory.subs[channel] = position
	}
}

// out handles that the server took us out of a room.
func (s *session) out(link transport.Link, channel string, why ended) {
	delete(s.memory.subs, channel)
	room := messages.RoomID(channel)
	if m := s.rooms[room]; m != nil {
		delete(s.pending, m.await)
		delete(s.rooms, room)
		link.Room(m.ticket, unsubscribed(why.Code, why.Reason))
	}
}

// resume compares the server-side subscriptions of this login with those that we
// remember: whether all go on where they stopped, and whether any does not.
func (s *session) resume(subs map[string]subResult) (resumed, gap bool) {
	resumed = len(s.memory.subs) > 0
	for channel := range s.memory.subs {
		if sub, ok := subs[channel]; ok && !sub.Recovered {
			resumed, gap = false, true
		}
	}
	return resumed, gap
}

// replay delivers what the server-side subscriptions had missed, and goes on from
// there. Those that the server does not make any more are forgotten.
func (s *session) replay(link transport.Link, subs map[string]subResult) {
	for channel := range s.memory.subs {
		if _, ok := subs[channel]; !ok {
			delete(s.memory.subs, channel)
		}
	}
	for channel, sub := range subs {
		known := s.memory.subs[channel]
		for _, p := range sub.history() {
			if sub.Recovered && p.Offset != 0 && p.Offset <= known.Offset {
				continue
			}
			p.Unasked = true
			link.Publish(messages.RoomID(channel), p)
		}
		s.memory.subs[channel] = sub.position()
	}
}
