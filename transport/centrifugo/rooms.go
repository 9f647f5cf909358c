package centrifugo

import (
	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// membership is a room that we asked to be in on this connection.
type membership struct {
	ticket transport.Ticket
	await  uint32 // the command whose reply counts; an older one is forgotten
	again  bool   // already subscribed: it was left and is subscribed anew
}

// begin makes a question the one that counts for its room. What was asked before
// and has no answer is forgotten, so that pending never outgrows the rooms.
func (s *session) begin(join transport.JoinRequest, id uint32) *membership {
	if old := s.rooms[join.Room]; old != nil {
		delete(s.pending, old.await)
	}
	m := &membership{ticket: join.Ticket, await: id}
	s.rooms[join.Room] = m
	return m
}

// Join subscribes.
func (s *session) Join(link transport.Link, join transport.JoinRequest) error {
	id := s.last + 1
	if err := s.write(link, s.subscribe(id, join)); err != nil {
		return err
	}
	s.begin(join, s.await(request{kind: subscribing, join: join}))
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
	if m == nil || m.ticket != join.Ticket {
		return nil // left, or asked anew
	}
	switch {
	case r.Error != nil && r.Error.Code == errorUnrecoverable && !join.Position.IsZero():
		join.Position = messages.Position{}
		return s.Join(link, join)
	case r.Error != nil && r.Error.Code == errorAlreadySubscribed && !m.again:
		return s.subscribeAgain(link, join)
	case r.Error != nil:
		delete(s.rooms, join.Room)
		link.Room(join.Ticket, r.Error.room())
		return nil
	case r.Subscribe == nil:
		return malformed("the answer to a subscribe has no result")
	}
	link.Room(join.Ticket, transport.RoomNews{
		Kind: transport.RoomJoined, Position: r.Subscribe.position(), Recovered: r.Subscribe.Recovered,
		History: r.Subscribe.history(), TTL: r.Subscribe.ttl(),
	})
	return nil
}

// subscribeAgain subscribes anew where the server says that we are subscribed: of
// that subscription we do not know the position.
func (s *session) subscribeAgain(link transport.Link, join transport.JoinRequest) error {
	first := s.last + 1
	if err := s.write(link, command{ID: first, Unsubscribe: &channelOnly{string(join.Room)}}, s.subscribe(first+1, join)); err != nil {
		return err
	}
	s.last++ // the answer to the unsubscribe interests nobody
	s.begin(join, s.await(request{kind: subscribing, join: join})).again = true
	return nil
}

// Verify asks for presence, of all rooms in one frame.
func (s *session) Verify(link transport.Link, joins []transport.JoinRequest) error {
	if s.NoPresence {
		for _, join := range joins {
			link.Room(join.Ticket, notIn("presence is not asked for"))
		}
		return nil
	}
	commands := make([]command, len(joins))
	for i, join := range joins {
		commands[i] = command{ID: s.last + 1 + uint32(i), Presence: &channelOnly{string(join.Room)}}
	}
	if err := s.write(link, commands...); err != nil {
		return err
	}
	for _, join := range joins {
		s.begin(join, s.await(request{kind: asking, join: join}))
	}
	return nil
}

func notIn(detail string) transport.RoomNews {
	return transport.RoomNews{Kind: transport.RoomNotIn, Reason: messages.Because(messages.ReasonRoomHeartbeatTimeout, "%s", detail)}
}

// present takes the answer to a presence query: who is counted in subscribes.
func (s *session) present(link transport.Link, join transport.JoinRequest, r *reply) error {
	if m := s.rooms[join.Room]; m == nil || m.ticket != join.Ticket {
		return nil
	}
	switch {
	case r.Error != nil && r.Error.Code == errorUnknownChannel:
		delete(s.rooms, join.Room)
		link.Room(join.Ticket, r.Error.room())
		return nil
	case r.Error != nil:
		news := notIn("the server does not say who is in")
		news.Reason.Wire = wire(r.Error.Code, r.Error.Message)
		link.Room(join.Ticket, news)
		return nil
	case r.Presence == nil:
		return malformed("the answer to a presence query has no result")
	case !s.counted(r.Presence.Presence):
		link.Room(join.Ticket, notIn("the server does not count us in"))
		return nil
	}
	return s.Join(link, join)
}

// counted reports whether we are among those present: by the name that the server
// gave us the last time, or as the same user.
func (s *session) counted(presence map[string]clientInfo) bool {
	for client, info := range presence {
		if client == s.memory.before || s.token.User != "" && info.User == s.token.User {
			return true
		}
	}
	return false
}

// Leave unsubscribes.
func (s *session) Leave(link transport.Link, ticket transport.Ticket) error {
	if err := s.write(link, command{ID: s.last + 1, Unsubscribe: &channelOnly{string(ticket.Room)}}); err != nil {
		return err
	}
	if old := s.rooms[ticket.Room]; old != nil {
		delete(s.pending, old.await)
		delete(s.rooms, ticket.Room)
	}
	s.await(request{kind: unsubscribing, join: transport.JoinRequest{Ticket: ticket}})
	return nil
}

// RenewRoom presents a fresh token for a room.
func (s *session) RenewRoom(link transport.Link, ticket transport.Ticket, token messages.Token) error {
	if err := s.write(link, command{ID: s.last + 1, SubRefresh: &subRefresh{string(ticket.Room), token.Secret.Reveal()}}); err != nil {
		return err
	}
	s.await(request{kind: subRefreshing, join: transport.JoinRequest{Ticket: ticket}})
	return nil
}
