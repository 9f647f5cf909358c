package wukongim

import (
	"context"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// admitted is what was found out about a room.
type admitted struct {
	request transport.JoinRequest
	verify  bool
	member  Membership
	known   bool   // it goes on where it stopped
	heard   uint64 // there
	filled         // what was said since
}

// Join counts a room in. There is nothing to tell the server, which delivers the
// messages of all channels that the user is in; it is asked whether this is one.
func (s *session) Join(link transport.Link, request transport.JoinRequest) error {
	return s.enter(link, request, false)
}

// Verify does the same after an interruption, for one room at a time.
func (s *session) Verify(link transport.Link, requests []transport.JoinRequest) error {
	for _, request := range requests {
		if err := s.enter(link, request, true); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) enter(link transport.Link, request transport.JoinRequest, verify bool) error {
	channel, err := ChannelOf(request.Room)
	if err != nil {
		return err
	}
	t := s.thread(channel)
	t.room, t.waiting = true, true
	s.answered[channel] = request.Ticket
	if s.Syncer == nil {
		s.admitted(link, admitted{request: request, verify: verify, filled: filled{thread: t}})
		return nil
	}
	syncer, uid, heard := s.Syncer, s.uid, request.Position.Offset
	if t.begun && t.missed > 0 {
		heard = min(heard, t.heard())
	}
	link.Ask(func(ctx context.Context) any {
		a := admitted{request: request, verify: verify, heard: heard, filled: filled{thread: t}}
		a.inquire(ctx, syncer, uid)
		return a
	})
	return nil
}

// inquire asks whether the user is in, and for what was missed. Another person's uid
// is no channel that one could be out of.
func (a *admitted) inquire(ctx context.Context, syncer Syncer, uid string) {
	channel := a.thread.channel
	if channel.Type != Person {
		if a.member, a.err = syncer.Member(ctx, uid, channel); a.err != nil && !permanent(a.err) {
			return
		}
		if a.err != nil {
			a.member, a.err = CannotTell, nil
		}
		if a.member == NotMember || a.member == NoSuchChannel {
			return
		}
	}
	if a.known = a.request.Rejoin || !a.request.Position.IsZero(); a.known {
		a.since(ctx, syncer, uid, channel, a.heard)
		if a.err != nil || !a.more {
			return
		}
	}
	a.latest, a.err = syncer.Latest(ctx, uid, channel)
	a.latest = min(a.latest, lastSeq)
}

// admitted answers the question about a room, and lets go of what waited for it.
func (s *session) admitted(link transport.Link, a admitted) {
	t, ticket := a.thread, a.request.Ticket
	if s.answered[t.channel] != ticket {
		return // it was asked again, or left
	}
	news := transport.RoomNews{Kind: transport.RoomJoined}
	switch {
	case a.err != nil && !permanent(a.err):
		news = transport.RoomNews{Kind: transport.RoomRetry, Reason: transport.ReasonOf(a.err, messages.ReasonSyncFailed)}
	case a.member == NotMember && a.verify:
		news = transport.RoomNews{Kind: transport.RoomNotIn, Reason: ReasonSubscriberNotExist.reason(messages.ReasonNotInRoom, "")}
	case a.member == NotMember:
		news = transport.RoomNews{Kind: transport.RoomDenied, Reason: ReasonSubscriberNotExist.reason(messages.ReasonJoinRejected, "")}
	case a.member == NoSuchChannel:
		news = transport.RoomNews{Kind: transport.RoomNotExist, Reason: ReasonChannelNotExist.reason(messages.ReasonRoomNotExist, "")}
	}
	switch news.Kind {
	case transport.RoomRetry: // which may be never
		delete(s.answered, t.channel)
		s.sweep = time.Now().Add(unclaimed)
		link.Room(ticket, news)
		return
	case transport.RoomJoined:
	default:
		s.out(link, t, ticket, news)
		return
	}
	s.begin(t, a, &news)
	t.waiting = false
	link.Room(ticket, news)
	s.pump(link, t)
}

// begin says where a room goes on. What was said since and is not here yet is fetched
// next.
func (s *session) begin(t *thread, a admitted, news *transport.RoomNews) {
	switch {
	case s.Syncer == nil:
		return
	case a.err != nil:
		news.Position = a.request.Position
		return
	case !a.known:
		t.restart(t.outset(a.latest))
		news.Recovered = true
	default:
		s.goOn(t, a, news)
	}
	news.Position = messages.Position{Offset: t.last}
	t.beyond = max(t.beyond, a.latest)
}

// goOn hands a room what was said since it stopped.
func (s *session) goOn(t *thread, a admitted, news *transport.RoomNews) {
	heard := a.heard
	if a.lost {
		heard = a.latest
		t.top = heard
	}
	news.Recovered = !a.lost
	t.restart(heard)
	for _, m := range a.said {
		if m.Seq <= heard {
			continue
		}
		if !s.ours(m) && !s.elsewhere(t, m) {
			news.History = append(news.History, *s.old(t, m))
		}
		t.advance(m.Seq)
	}
}

// elsewhere reports whether a message got to a handler, or is on its way there: to the
// channel's while the room was not joined, or to the room's before it was interrupted.
func (s *session) elsewhere(t *thread, m Said) bool {
	_, known := s.memory.seen.state[m.ID]
	_, told := t.place(m.Seq)
	return known && !told
}

// unclaimed is how long a login waits for its rooms to be asked about. What came for
// one that nobody wants any more goes to the channel's handler then.
const unclaimed = time.Minute

// abandon makes the rooms that nobody asked about channels like any other.
func (s *session) abandon(link transport.Link) {
	s.sweep = time.Time{}
	for channel, t := range s.memory.threads {
		if _, asked := s.answered[channel]; !t.waiting || asked {
			continue
		}
		t.room, t.waiting = false, false
		t.rewind()
		if s.Syncer != nil && t.begun && !t.filling {
			s.fill(link, t, everything)
			continue
		}
		s.pump(link, t)
	}
}

// Leave counts a room out. The server goes on delivering its messages, to the
// channel's handler.
func (s *session) Leave(link transport.Link, ticket transport.Ticket) error {
	channel, err := ChannelOf(ticket.Room)
	if err != nil {
		return err
	}
	s.out(link, s.thread(channel), ticket, transport.RoomNews{Kind: transport.RoomLeft})
	return nil
}

// out ends a room. What waited for it is of a channel like any other.
func (s *session) out(link transport.Link, t *thread, ticket transport.Ticket, news transport.RoomNews) {
	delete(s.answered, t.channel)
	t.room, t.waiting = false, false
	link.Room(ticket, news)
	s.pump(link, t)
}

// expelled notes what the refusal of a message says about its room.
func (s *session) expelled(link transport.Link, channel Channel, code ReasonCode, reason messages.Reason) {
	ticket, joined := s.answered[channel]
	if !joined || channel.Type == Person {
		return
	}
	news := transport.RoomNews{Reason: reason}
	switch code {
	case ReasonSubscriberNotExist:
		news.Kind = transport.RoomEvicted
		news.Reason.Code = messages.ReasonKickedFromRoom
	case ReasonChannelNotExist:
		news.Kind = transport.RoomNotExist
	case ReasonDisband, ReasonChannelDeleting:
		news.Kind = transport.RoomDestroyed
	default: // the message is refused, and the room stays
		return
	}
	s.out(link, s.thread(channel), ticket, news)
}
