package centrifugo

import (
	"maps"
	"slices"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// maxSubs is how many subscriptions the server may make by itself. Centrifugo
// allows 128 channels for a client by default.
const maxSubs = 1 << 16

// pushed handles what the server says by itself. What it says of channels before
// it has answered the login belongs to no subscription that we know.
func (s *session) pushed(link transport.Link, p *push) error {
	switch {
	case p.Disconnect != nil:
		return &messages.Error{Op: "receive", Reason: s.disconnected(p.Disconnect.Code, p.Disconnect.Reason)}
	case p.Message != nil:
		link.Deliver(messages.KindText, "", p.Message.Data)
	case p.Connect != nil: // for those who do not log in
	case !s.up:
		s.Ignored.Add(1)
	case p.Refresh != nil:
		link.Renewed(p.Refresh.ttl())
	case p.Channel == "":
		s.Ignored.Add(1)
	case p.Pub != nil:
		s.published(link, p.Channel, *p.Pub)
	case p.Unsubscribe != nil:
		s.out(link, p.Channel, *p.Unsubscribe)
	case p.Subscribe != nil:
		if s.rooms[messages.RoomID(p.Channel)] == nil {
			return s.in(p.Channel, p.Subscribe.position())
		}
	case p.Join != nil || p.Leave != nil: // who else comes and goes is not asked for
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
		s.Ignored.Add(1) // it was delivered before
		return
	}
	in := p.in()
	in.Unasked = true
	link.Publish(room, in)
	if p.Offset != 0 {
		position.Offset = p.Offset
		s.memory.subs[channel] = position
	}
}

// in remembers a subscription that the server made.
func (s *session) in(channel string, position messages.Position) error {
	if _, known := s.memory.subs[channel]; !known && len(s.memory.subs) >= maxSubs {
		return malformed("the server has made more than %d subscriptions by itself", maxSubs)
	}
	s.memory.subs[channel] = position
	return nil
}

// out handles that the server took us out of a room. One that is being left is
// left by the answer to that.
func (s *session) out(link transport.Link, channel string, why ended) {
	delete(s.memory.subs, channel)
	room := messages.RoomID(channel)
	if m := s.rooms[room]; m != nil && !m.leaving {
		s.end(room)
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
func (s *session) replay(link transport.Link, subs map[string]subResult) error {
	known := maps.Clone(s.memory.subs)
	clear(s.memory.subs)
	for _, channel := range slices.Sorted(maps.Keys(subs)) {
		sub := subs[channel]
		if channel == "" {
			s.Ignored.Add(1)
			continue
		}
		if err := s.in(channel, sub.position()); err != nil {
			return err
		}
		for _, p := range sub.history() {
			if sub.Recovered && p.Offset != 0 && p.Offset <= known[channel].Offset {
				continue
			}
			p.Unasked = true
			link.Publish(messages.RoomID(channel), p)
		}
	}
	return nil
}
