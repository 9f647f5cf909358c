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
	pongs   bool // the server's heartbeats are to be answered
	pings   uint32
	last    uint32 // id of the last command
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

// request is a command whose reply is awaited.
type request struct {
	kind    kind
	message messages.MessageID
	method  string
	join    transport.JoinRequest
}

type kind uint8

const (
	connecting kind = iota
	subscribing
	unsubscribing
	asking // for presence
	publishing
	calling
	refreshing
	subRefreshing
)

// write sends commands in one frame, a line each.
func (s *session) write(link transport.Link, commands ...command) error {
	var frame bytes.Buffer
	for i, c := range commands {
		text, err := line(c)
		if err != nil {
			return &messages.Error{Op: "send", Reason: messages.Because(messages.ReasonInvalidMessage, "%v", err), Err: err}
		}
		if i > 0 {
			frame.WriteByte('\n')
		}
		frame.Write(text)
	}
	return link.Write(transport.Frame{Kind: transport.FrameText, Data: frame.Bytes()})
}

// await gives a command its number, once it is certain to be written.
func (s *session) await(r request) uint32 {
	s.last++
	s.pending[s.last] = r
	return s.last
}

// Open logs in.
func (s *session) Open(link transport.Link) error {
	login := &connectRequest{Token: s.token.Secret.Reveal(), Data: s.Data, Name: s.Options.Name, Version: s.Version}
	for channel, position := range s.memory.subs {
		if login.Subs == nil {
			login.Subs = map[string]subscribe{}
		}
		login.Subs[channel] = subscribe{Recover: true, Epoch: position.Epoch, Offset: position.Offset}
	}
	return s.write(link, command{ID: s.await(request{kind: connecting}), Connect: login})
}

// Receive handles the replies of one frame.
func (s *session) Receive(link transport.Link, frame transport.Frame) error {
	if frame.Kind == transport.FrameBinary {
		return malformed("a binary frame of %d bytes came in a JSON session", len(frame.Data))
	}
	for text := range bytes.SplitSeq(frame.Data, []byte{'\n'}) {
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		var r reply
		if err := json.Unmarshal(text, &r); err != nil {
			return malformed("a reply of %d bytes is not one: %v", len(text), err)
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

func (s *session) take(link transport.Link, r *reply) error {
	switch {
	case r.ping():
		if s.pongs {
			return link.Write(transport.Frame{Kind: transport.FrameText, Data: []byte("{}")})
		}
		return nil
	case r.Push != nil:
		return s.pushed(link, r.Push)
	}
	q, ok := s.pending[r.ID]
	if !ok {
		s.Ignored.Add(1)
		return nil
	}
	delete(s.pending, r.ID)
	return s.answered(link, q, r)
}

// answered handles the reply to a command.
func (s *session) answered(link transport.Link, q request, r *reply) error {
	switch q.kind {
	case connecting:
		return s.connected(link, r)
	case subscribing:
		return s.subscribed(link, q.join, r)
	case unsubscribing:
		link.Room(q.join.Ticket, transport.RoomNews{Kind: transport.RoomLeft})
	case asking:
		return s.present(link, q.join, r)
	case publishing:
		s.acknowledge(link, q, r)
	case calling:
		s.acknowledge(link, q, r)
		if r.Error == nil && r.RPC != nil {
			link.Deliver(messages.KindText, q.method, r.RPC.Data)
		}
	case refreshing:
		return s.refreshed(link, r)
	case subRefreshing: // the server tells by an unsubscribe if it was no good
	}
	return nil
}

func (s *session) acknowledge(link transport.Link, q request, r *reply) {
	var reason messages.Reason
	if r.Error != nil {
		reason = r.Error.message()
	}
	link.Acknowledge(q.message, reason)
}

// connected takes the answer to the login.
func (s *session) connected(link transport.Link, r *reply) error {
	if r.Error != nil {
		return &messages.Error{Op: "login", Reason: r.Error.login()}
	}
	if r.Connect == nil {
		return malformed("the answer to the login has no result")
	}
	s.pongs = r.Connect.Pong
	resumed, gap := s.resume(r.Connect.Subs)
	s.memory.before, s.memory.client = s.memory.client, r.Connect.Client
	link.Keep(s.memory)
	link.LoggedIn(transport.Login{
		Node: r.Connect.Node, Resumed: resumed, Gap: gap,
		Heartbeat: time.Duration(r.Connect.Ping) * time.Second, TTL: r.Connect.ttl(),
	})
	s.replay(link, r.Connect.Subs)
	return nil
}

func (l lifetime) ttl() time.Duration {
	if !l.Expires {
		return 0
	}
	return time.Duration(l.TTL) * time.Second
}

// Send writes one message: a publication for a room, an rpc if it has a type,
// else a message that the server does not answer.
func (s *session) Send(link transport.Link, id messages.MessageID, m messages.Message) error {
	switch {
	case m.Kind == messages.KindBinary:
		return &messages.Error{Op: "send", Reason: messages.Because(messages.ReasonNotSupported, "a message of Centrifugo's JSON protocol is JSON text; encode the bytes")}
	case !json.Valid(m.Data):
		return &messages.Error{Op: "send", Reason: messages.Because(messages.ReasonInvalidMessage, "the message is not JSON")}
	}
	c := command{ID: s.last + 1}
	q := request{kind: publishing, message: id}
	switch {
	case m.Room != "":
		c.Publish = &publish{Channel: string(m.Room), Data: m.Data}
	case m.Type != "":
		q.kind, q.method = calling, m.Type
		c.RPC = &rpc{Method: m.Type, Data: m.Data}
	default:
		c.ID, c.Send = 0, &dataOnly{Data: m.Data}
	}
	if err := s.write(link, c); err != nil {
		return err
	}
	if c.ID == 0 {
		link.Acknowledge(id, messages.Reason{})
		return nil
	}
	s.await(q)
	return nil
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
func (*session) Ending(reason messages.Reason) messages.Reason {
	if code := reason.Wire.Code; reason.Code == messages.ReasonPeerClose && code >= 3000 && code < 5000 {
		meant := disconnected(code, reason.Wire.Text)
		meant.RetryAfter, meant.Detail = reason.RetryAfter, reason.Detail
		return meant
	}
	return reason
}

// Renew presents a fresh token.
func (s *session) Renew(link transport.Link, token messages.Token) error {
	if err := s.write(link, command{ID: s.last + 1, Refresh: &refresh{Token: token.Secret.Reveal()}}); err != nil {
		return err
	}
	s.await(request{kind: refreshing})
	return nil
}

func (s *session) refreshed(link transport.Link, r *reply) error {
	switch {
	case r.Error == nil && r.Refresh != nil:
		link.Renewed(r.Refresh.ttl())
	case r.Error == nil:
		return malformed("the answer to a refresh has no result")
	case !r.Error.temporary(): // else there is another try before the login ends
		return &messages.Error{Op: "renew", Reason: r.Error.login()}
	}
	return nil
}
