package wukongimtest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/seed14814784/holdfast/transport/wstest"
)

// Ack is a RECVACK.
type Ack struct {
	UID       string
	Device    byte
	DeviceID  string
	MessageID int64
	Seq       uint64
	At        time.Time
	NoPersist bool
	RedDot    bool
	SyncOnce  bool
}

// Conns is the live connections that logged in, zombies too, in the order they were
// accepted, of the uids or of all.
func (s *Server) Conns(uids ...string) []*Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loggedIn(uids)
}

func (s *Server) loggedIn(uids []string) (conns []*Conn) {
	for _, c := range s.conns {
		if c.stage >= online && c.stage < ended && named(uids, c.device.uid) {
			conns = append(conns, c)
		}
	}
	return conns
}

// Await waits until at least that many connections are live that logged in, of the
// uids or of all, and returns them; or until ctx ends, whose error it returns.
func (s *Server) Await(ctx context.Context, atLeast int, uids ...string) ([]*Conn, error) {
	for {
		s.mu.Lock()
		conns, changed := s.loggedIn(uids), s.changed
		s.mu.Unlock()
		if len(conns) >= atLeast {
			return conns, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("wukongimtest: waiting for %d logins, %d are there: %w", atLeast, len(conns), ctx.Err())
		}
	}
}

// Online is the uids that are online, in alphabetical order. Zombies are not.
func (s *Server) Online() (uids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for uid, u := range s.world.users {
		if slices.ContainsFunc(u.conns, func(c *Conn) bool { return c.stage == online }) {
			uids = append(uids, uid)
		}
	}
	slices.Sort(uids)
	return uids
}

// Open is the number of connections with a CONNECT, accepted or not, that clients have
// open now, of the uids or of all. On a network in memory a connection is open until
// the client has closed it, over TCP until the server saw its end.
func (s *Server) Open(uids ...string) int {
	open, _ := s.census.count(uids)
	return open
}

// MaxOpen is the most connections that were ever open at once with the same uid,
// device flag and device id, of the uids or of all: 1, if a client never has two.
func (s *Server) MaxOpen(uids ...string) int {
	_, peak := s.census.count(uids)
	return peak
}

// Dials is every connection that was accepted so far, over TCP and WebSocket.
func (s *Server) Dials() []wstest.Dial {
	all := append(s.tcp.Dials(), s.ws.Dials()...)
	slices.SortStableFunc(all, func(a, b wstest.Dial) int { return a.At.Compare(b.At) })
	return all
}

// Received is the messages that the server accepted, of those senders or of all, in
// their order. What was deduplicated is there once.
func (s *Server) Received(from ...string) (got []Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.received {
		if named(from, m.From) {
			got = append(got, m)
		}
	}
	return got
}

// Acks is the RECVACKs that came, of the uids or of all, in their order.
func (s *Server) Acks(uids ...string) (got []Ack) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.acks {
		if named(uids, a.UID) {
			got = append(got, a)
		}
	}
	return got
}

// forget takes a connection that has ended off the list. s.mu is held.
func (s *Server) forget(c *Conn) {
	s.conns = slices.DeleteFunc(s.conns, func(other *Conn) bool { return other == c })
}
