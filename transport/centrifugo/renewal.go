package centrifugo

import (
	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// Renew presents a fresh token. It takes the place of one that has no answer yet.
func (s *session) Renew(link transport.Link, token messages.Token) error {
	id := s.number(s.last)
	if err := s.write(link, command{ID: id, Refresh: &refresh{Token: token.Secret.Reveal()}}); err != nil {
		return err
	}
	delete(s.pending, s.renewal)
	s.renewal = id
	s.await(id, request{kind: refreshing})
	return nil
}

// refreshed takes the answer to a refresh. A temporary error ends nothing: there
// is another try before the login does.
func (s *session) refreshed(link transport.Link, r *reply) error {
	s.renewal = 0
	switch {
	case r.Error == nil:
		link.Renewed(r.Refresh.ttl())
	case !r.Error.temporary():
		return &messages.Error{Op: "renew", Reason: r.Error.login()}
	}
	return nil
}

// RenewRoom presents a fresh token for a room, if it was not left meanwhile. When
// the socket is full the room keeps the token that it has, and is joined again
// when that ends.
func (s *session) RenewRoom(link transport.Link, ticket transport.Ticket, token messages.Token) error {
	m := s.rooms[ticket.Room]
	if m == nil || m.ticket != ticket {
		return nil
	}
	id := s.number(s.last)
	if err := s.write(link, command{ID: id, SubRefresh: &subRefresh{string(ticket.Room), token.Secret.Reveal()}}); err != nil {
		if busy(err) {
			return nil
		}
		return err
	}
	delete(s.pending, m.renewal)
	m.renewal = id
	s.await(id, request{kind: subRefreshing, join: &transport.JoinRequest{Ticket: ticket}})
	return nil
}

// subRefreshed takes the answer to a room's refresh. If the token was no good, the
// server tells by an unsubscribe when the one before it ends.
func (s *session) subRefreshed(link transport.Link, ticket transport.Ticket, r *reply) {
	m := s.rooms[ticket.Room]
	if m == nil || m.ticket != ticket {
		return
	}
	m.renewal = 0
	if r.Error == nil {
		link.Room(ticket, transport.RoomNews{Kind: transport.RoomRenewed, TTL: r.SubRefresh.ttl()})
	}
}
