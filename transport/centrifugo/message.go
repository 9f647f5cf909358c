package centrifugo

import (
	"encoding/json"
	"unicode/utf8"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// Send writes one message: a publication for a room, an rpc if it has a type,
// else a message that the server does not answer.
func (s *session) Send(link transport.Link, id messages.MessageID, m messages.Message) error {
	switch {
	case m.Kind == messages.KindBinary:
		return &messages.Error{Op: "send", Reason: messages.Because(messages.ReasonNotSupported, "a message of Centrifugo's JSON protocol is JSON text; encode the bytes")}
	case !isJSON(m.Data):
		return &messages.Error{Op: "send", Reason: messages.Because(messages.ReasonInvalidMessage, "the message is not JSON in UTF-8")}
	}
	c := command{ID: s.number(s.last)}
	q := request{kind: publishing, message: id}
	switch {
	case m.Room != "":
		c.Publish = &publish{Channel: string(m.Room), Data: m.Data}
	case m.Type != "":
		q.kind, q.method = calling, m.Type
		c.RPC = &rpc{Method: m.Type, Data: m.Data}
	default:
		if err := s.write(link, command{Send: &dataOnly{Data: m.Data}}); err != nil {
			return err
		}
		link.Acknowledge(id, messages.Reason{}, nil)
		return nil
	}
	if err := s.write(link, c); err != nil {
		return err
	}
	s.await(c.ID, q)
	return nil
}

// isJSON reports whether a text may stand in a frame. Package json takes bytes in
// a string that are not UTF-8; a server would end the connection over them.
func isJSON(text []byte) bool { return json.Valid(text) && utf8.Valid(text) }

// acknowledged takes the answer to a publication or an rpc.
func (s *session) acknowledged(link transport.Link, q request, r *reply) {
	var reason messages.Reason
	if r.Error != nil {
		reason = r.Error.message()
	}
	link.Acknowledge(q.message, reason, nil)
	if q.kind == calling && r.Error == nil {
		link.Deliver(messages.KindText, q.method, r.RPC.Data)
	}
}
