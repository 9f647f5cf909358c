package centrifugo

import (
	"unicode/utf8"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// membership is a room that we asked to be in, or to be let go from, on this
// connection.
type membership struct {
	ticket  transport.Ticket
	await   uint32 // the command whose reply counts; an older one is forgotten
	renewal uint32 // likewise, of its token
	again   bool   // already subscribed: it was left and is subscribed anew
	leaving bool
}

// begin makes a question the one that counts for its room. What was asked before
// and has no answer is forgotten, so that pending never outgrows the rooms.
func (s *session) begin(id uint32, kind kind, join transport.JoinRequest) *membership {
	s.end(join.Room)
	m := &membership{ticket: join.Ticket, await: id}
	s.rooms[join.Room] = m
	s.await(id, request{kind: kind, join: &join})
	return m
}

// end forgets a room, and what was asked about it.
func (s *session) end(room messages.RoomID) {
	if m := s.rooms[room]; m != nil {
		delete(s.pending, m.await)
		delete(s.pending, m.renewal)
		delete(s.rooms, room)
	}
}

// named says why a room's ID cannot be the name of a channel. Package json would
// write another name for one that is not UTF-8.
func named(room messages.RoomID) error {
	switch {
	case room == "", len(room) > maxRoomBytes:
		return &messages.Error{Op: "join", Reason: messages.Because(messages.ReasonInvalidSpec, "the name of a channel has 1 to %d bytes, and this one has %d", maxRoomBytes, len(room))}
	case !utf8.ValidString(string(room)):
		return &messages.Error{Op: "join", Reason: messages.Because(messages.ReasonInvalidSpec, "the name of the channel %q is not UTF-8", room)}
	}
	return nil
}

// Join subscribes.
func (s *session) Join(link transport.Link, join transport.JoinRequest) error {
	if err := named(join.Room); err != nil {
		return err
	}
	id := s.number(s.last)
	if err := s.write(link, s.subscribe(id, join)); err != nil {
		return err
	}
	s.begin(id, subscribing, join)
	return nil
}

func (s *session) subscribe(id uint32, join transport.JoinRequest) command {
	q := &subscribe{Channel: string(join.Room), Token: join.Token.Secret.Reveal()}
	if !s.NoRecovery {
		q.Positioned, q.Recoverable = true, true
		if !join.Position.IsZero() {
			q.Recover, q.Epoch, q.Offset = true, join.Position.Epoch, join.Position.Offset
		}
	}
	return command{ID: id, Subscribe: q}
}

// subscribed takes the answer to a subscribe.
func (s *session) subscribed(link transport.Link, join transport.JoinRequest, r *reply) error {
	m := s.rooms[join.Room]
	switch {
	case r.Error != nil && r.Error.Code == errorUnrecoverable && !join.Position.IsZero():
		join.Position = messages.Position{}
		return s.asked(link, join, s.Join(link, join))
	case r.Error != nil && r.Error.Code == errorAlreadySubscribed && !m.again:
		return s.asked(link, join, s.subscribeAgain(link, join))
	case r.Error != nil:
		s.end(join.Room)
		link.Room(join.Ticket, r.Error.room())
		return nil
	}
	delete(s.memory.subs, string(join.Room)) // from now on it is the room's
	link.Room(join.Ticket, transport.RoomNews{
		Kind: transport.RoomJoined, Position: r.Subscribe.position(), Recovered: r.Subscribe.Recovered,
		History: r.Subscribe.history(), TTL: r.Subscribe.ttl(),
	})
	return nil
}

// subscribeAgain subscribes anew where the server says that we are subscribed: of
// that subscription we do not know the position.
func (s *session) subscribeAgain(link transport.Link, join transport.JoinRequest) error {
	first := s.number(s.last) // its answer interests nobody
	second := s.number(first)
	if err := s.write(link, command{ID: first, Unsubscribe: &channelOnly{string(join.Room)}}, s.subscribe(second, join)); err != nil {
		return err
	}
	s.begin(second, subscribing, join).again = true
	return nil
}

// asked is the result of a question that an answer has led to: one for which the
// socket has no room now is put off.
func (s *session) asked(link transport.Link, join transport.JoinRequest, err error) error {
	if !busy(err) {
		return err
	}
	s.putOff(link, join.Ticket, transport.ReasonOf(err, messages.ReasonSlowConsumer))
	return nil
}

// putOff forgets a question and has it asked again later.
func (s *session) putOff(link transport.Link, ticket transport.Ticket, reason messages.Reason) {
	s.end(ticket.Room)
	link.Room(ticket, transport.RoomNews{Kind: transport.RoomRetry, Reason: reason})
}

// Leave unsubscribes.
func (s *session) Leave(link transport.Link, ticket transport.Ticket) error {
	if err := named(ticket.Room); err != nil {
		return err
	}
	id := s.number(s.last)
	if err := s.write(link, command{ID: id, Unsubscribe: &channelOnly{string(ticket.Room)}}); err != nil {
		return err
	}
	s.begin(id, unsubscribing, transport.JoinRequest{Ticket: ticket}).leaving = true
	return nil
}

// unsubscribed takes the answer to a leave. One that the server refuses is not
// told: we may be in still, and the leave's own deadline decides.
func (s *session) unsubscribed(link transport.Link, ticket transport.Ticket, r *reply) {
	s.end(ticket.Room)
	switch {
	case r.Error == nil:
		link.Room(ticket, transport.RoomNews{Kind: transport.RoomLeft})
	case r.Error.Code == errorUnknownChannel:
		link.Room(ticket, r.Error.room())
	}
}
