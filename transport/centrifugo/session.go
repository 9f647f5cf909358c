package centrifugo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// session is one client connection.
type session struct {
	*protocol
	token   messages.Token
	memory  *memory
	up      bool   // logged in
	pongs   bool   // the server's heartbeats are to be answered
	owed    bool   // an answer to one waits for room in the socket
	pings   uint32 // of ours
	last    uint32 // id of the last command
	renewal uint32 // id of the refresh whose answer counts
	pending map[uint32]request
	rooms   map[messages.RoomID]*membership
}

var (
	_ transport.RoomSession = (*session)(nil)
	_ transport.Renewer     = (*session)(nil)
	_ transport.RoomRenewer = (*session)(nil)
)

// memory is what the channel's next session needs to go on.
type memory struct {
	client string                       // what the server calls us
	before string                       // what it called the connection before this one
	subs   map[string]messages.Position // of server-side subscriptions
}

// Open logs in.
func (s *session) Open(link transport.Link) error {
	login := &connectRequest{Token: s.token.Secret.Reveal(), Data: s.Data, Name: s.Options.Name, Version: s.Version}
	for channel, position := range s.memory.subs {
		if position.IsZero() {
			continue // the server keeps no history of it
		}
		if login.Subs == nil {
			login.Subs = map[string]subscribe{}
		}
		login.Subs[channel] = subscribe{Recover: true, Epoch: position.Epoch, Offset: position.Offset}
	}
	id := s.number(s.last)
	if err := s.write(link, command{ID: id, Connect: login}); err != nil {
		return err
	}
	s.await(id, request{kind: connecting})
	return nil
}

// Receive handles the replies of one frame.
func (s *session) Receive(link transport.Link, frame transport.Frame) error {
	if frame.Kind == transport.FrameBinary {
		return malformed("a binary frame of %d bytes came in a JSON session", len(frame.Data))
	}
	if s.owed {
		if err := s.write(link); err != nil && !busy(err) {
			return err
		}
	}
	for text := range bytes.SplitSeq(frame.Data, []byte{'\n'}) {
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		if text[0] != '{' {
			return malformed("a reply of %d bytes is not a JSON object", len(text))
		}
		var r reply
		if err := json.Unmarshal(text, &r); err != nil {
			return malformed("a reply of %d bytes is not one: %s", len(text), brief(err.Error()))
		}
		if err := s.take(link, &r); err != nil {
			return err
		}
	}
	return nil
}

func malformed(format string, args ...any) error {
	return &messages.Error{Op: "receive", Reason: messages.Because(messages.ReasonProtocolError, format, args...)}
}

// take handles one reply: the answer to the request with its id, or without an id
// a push or the server's heartbeat.
func (s *session) take(link transport.Link, r *reply) error {
	switch {
	case r.ID == 0 && r.Push != nil:
		return s.pushed(link, r.Push)
	case r.ping():
		if s.pongs {
			return s.beat(link)
		}
		return nil
	}
	q, ok := s.pending[r.ID]
	if !ok {
		s.Ignored.Add(1)
		return nil
	}
	delete(s.pending, r.ID)
	if r.Error == nil && !r.answers(q.kind) {
		return s.misanswered(link, r.ID, q)
	}
	return s.answered(link, q, r)
}

// answered handles the reply to a command.
func (s *session) answered(link transport.Link, q request, r *reply) error {
	switch q.kind {
	case connecting:
		return s.connected(link, r)
	case subscribing:
		return s.subscribed(link, *q.join, r)
	case unsubscribing:
		s.unsubscribed(link, q.join.Ticket, r)
	case asking:
		return s.present(link, *q.join, r)
	case publishing, calling:
		s.acknowledged(link, q, r)
	case refreshing:
		return s.refreshed(link, r)
	case subRefreshing:
		s.subRefreshed(link, q.join.Ticket, r)
	}
	return nil
}

// misanswered handles a reply that has neither an error nor the result that was
// asked for. Only what is about the connection ends it: a room asks again later,
// and what became of a message or a leave shows when its time is up.
func (s *session) misanswered(link transport.Link, id uint32, q request) error {
	if q.kind == connecting || q.kind == refreshing {
		return malformed("the answer to request %d has no result", id)
	}
	s.Ignored.Add(1)
	switch q.kind {
	case unsubscribing:
		s.end(q.join.Room)
	case subscribing, asking:
		s.putOff(link, q.join.Ticket, messages.Because(messages.ReasonProtocolError, "the answer to request %d has no result", id))
	default: // its deadline tells
	}
	return nil
}

// connected takes the answer to the login.
func (s *session) connected(link transport.Link, r *reply) error {
	if r.Error != nil {
		return &messages.Error{Op: "login", Reason: r.Error.login()}
	}
	s.up, s.pongs = true, r.Connect.Pong
	resumed, gap := s.resume(r.Connect.Subs)
	s.memory.before, s.memory.client = s.memory.client, r.Connect.Client
	link.Keep(s.memory)
	link.LoggedIn(transport.Login{
		Node: r.Connect.Node, Resumed: resumed, Gap: gap,
		Heartbeat: time.Duration(r.Connect.Ping) * time.Second, TTL: r.Connect.ttl(),
	})
	return s.replay(link, r.Connect.Subs)
}

func (l lifetime) ttl() time.Duration {
	if !l.Expires {
		return 0
	}
	return time.Duration(l.TTL) * time.Second
}

// Heartbeat sends a WebSocket ping: the protocol's own heartbeats come from the
// server, so this one is for the round-trip time, and for probing.
func (s *session) Heartbeat(link transport.Link) error {
	s.pings++
	return link.Write(transport.Frame{Kind: transport.FramePing, Data: fmt.Appendf(nil, "%d", s.pings)})
}

// Bye closes as Centrifugo's own clients do.
func (*session) Bye(transport.Link) (code int, text string) { return 1000, "" }

// Ending gives a close code its meaning.
func (s *session) Ending(reason messages.Reason) messages.Reason {
	if code := reason.Wire.Code; reason.Code == messages.ReasonPeerClose && code >= 3000 && code < 5000 {
		meant := s.disconnected(code, reason.Wire.Text)
		meant.RetryAfter, meant.Detail = reason.RetryAfter, reason.Detail
		return meant
	}
	return reason
}
