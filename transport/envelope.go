package transport

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"sync/atomic"
	"unicode/utf8"

	"github.com/seed14814784/holdfast/messages"
)

// EnvelopeOptions say how the envelopes of a backend look. The zero value is
// {"type":...,"channelId":...,"payload":...}, with {"type":"ping"} as the
// heartbeat and any message of type "pong" as its answer.
//
// Heartbeats are on by default and expect to be heard of: the specification of
// a channel (its Keepalive) sends one every 25 s, and after 35 s in which
// nothing arrived, neither an answer nor anything else, the connection is given
// up. A backend that answers no heartbeat and may be quiet for longer would so
// lose its channels again and again; for one, set Keepalive.OneWay in the
// specification: heartbeats are sent, and silence proves nothing. A
// Keepalive.Interval of supervisor.Never sends none.
type EnvelopeOptions struct {
	// TypeField, PayloadField and ChannelField name the members of the
	// envelope; "" is "type", "payload" and "channelId". ChannelField "-"
	// means that there is no channel id.
	TypeField    string
	PayloadField string
	ChannelField string

	// Type is the type of outbound messages that have none; "" is "message".
	Type string

	// Heartbeat is the text that is sent as a heartbeat, as it is: it need not
	// be an envelope.
	Heartbeat string

	// HeartbeatAnswer is what answers a heartbeat: an envelope of that type, or
	// a message that is this text and nothing else. It is not delivered. "" is
	// "pong"; "-" means that nothing does. That measures no round trips, but
	// still wants something inbound in time, unless Keepalive.OneWay is set.
	HeartbeatAnswer string

	// DeliverForeign delivers messages that carry another channel's id.
	// Without it they are dropped, and counted in Foreign if that is not nil.
	DeliverForeign bool
	Foreign        *atomic.Uint64

	// DeliverMalformed delivers a text that is not an envelope as it is, with
	// an empty type. Without it such a text ends the connection with
	// ReasonProtocolError: a handler that was promised payloads never sees
	// anything else.
	DeliverMalformed bool
}

// Envelope is the protocol of backends that wrap each message into a JSON
// object with a type, a payload and a channel id. There is no login, nothing is
// acknowledged (outcomes are Written), and endings mean what RFC 6455 says.
//
// Outbound: a message's Data must be JSON and becomes the payload as it is; its
// Type becomes the type; the channel's ID becomes the channel id. Data that is
// not JSON is rejected with ReasonInvalidMessage, a binary message with
// ReasonNotSupported.
//
// Inbound: the payload's JSON is delivered as it is, with the envelope's type;
// an envelope without a payload is delivered whole. A binary frame is delivered
// as it is, with an empty type.
func Envelope(options EnvelopeOptions) Protocol {
	o := options
	o.TypeField = cmp.Or(o.TypeField, "type")
	o.PayloadField = cmp.Or(o.PayloadField, "payload")
	o.ChannelField = cmp.Or(o.ChannelField, "channelId")
	o.Type = cmp.Or(o.Type, "message")
	if o.Heartbeat == "" {
		o.Heartbeat = `{` + string(quoted(o.TypeField)) + `:"ping"}`
	}
	o.HeartbeatAnswer = cmp.Or(o.HeartbeatAnswer, "pong")
	return &envelope{o}
}

type envelope struct{ EnvelopeOptions }

func (*envelope) Name() string   { return "envelope" }
func (*envelope) Traits() Traits { return Traits{} }

func (e *envelope) NewSession(opening Opening) Session {
	return &envelopeSession{e, string(opening.Channel)}
}

// Check reports what is wrong with the options, all at once: members of the
// same name, or a heartbeat that is not UTF-8.
func (e *envelope) Check() error {
	var errs []error
	if e.TypeField == e.PayloadField || e.TypeField == e.ChannelField || e.PayloadField == e.ChannelField {
		errs = append(errs, invalidEnvelope("two members of the envelope have the same name: %q, %q, %q", e.TypeField, e.PayloadField, e.ChannelField))
	}
	if !utf8.ValidString(e.Heartbeat) {
		errs = append(errs, invalidEnvelope("the heartbeat is not UTF-8"))
	}
	return errors.Join(errs...)
}

func invalidEnvelope(format string, args ...any) error {
	return invalid("envelope", format, args...)
}

type envelopeSession struct {
	*envelope
	channel string
}

func (*envelopeSession) Open(link Link) error {
	link.LoggedIn(Login{})
	return nil
}

func (s *envelopeSession) Receive(link Link, frame Frame) error {
	if frame.Kind == FrameBinary {
		link.Deliver(messages.KindBinary, "", frame.Data)
		return nil
	}
	if s.HeartbeatAnswer != "-" && string(frame.Data) == s.HeartbeatAnswer {
		link.HeartbeatAnswered()
		return nil
	}
	in, ok := s.open(frame.Data)
	switch {
	case !ok && s.DeliverMalformed:
		link.Deliver(messages.KindText, "", frame.Data)
	case !ok:
		return &messages.Error{Op: "receive", Reason: messages.Because(messages.ReasonProtocolError, "a text of %d bytes is not a JSON envelope; set DeliverMalformed to get it as it is", len(frame.Data))}
	case s.HeartbeatAnswer != "-" && in.kind == s.HeartbeatAnswer:
		link.HeartbeatAnswered()
	case in.addressed && in.channel != s.channel && !s.DeliverForeign:
		if s.Foreign != nil {
			s.Foreign.Add(1)
		}
	default:
		link.Deliver(messages.KindText, in.kind, in.payload)
	}
	return nil
}

// opened is what is in an envelope.
type opened struct {
	kind      string
	channel   string
	addressed bool // it has a channel id
	payload   []byte
}

// open takes a text apart. It is no envelope if it is not a JSON object, or if
// its type or channel id is neither a string nor null; numbers are taken as
// their digits, because many backends number their channels.
func (e *envelope) open(text []byte) (in opened, ok bool) {
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil || members == nil {
		return opened{}, false
	}
	in.payload = text
	if payload, there := members[e.PayloadField]; there {
		in.payload = payload
	}
	if in.kind, _, ok = scalar(members[e.TypeField]); !ok {
		return opened{}, false
	}
	if e.ChannelField != "-" {
		if in.channel, in.addressed, ok = scalar(members[e.ChannelField]); !ok {
			return opened{}, false
		}
	}
	return in, true
}

// scalar is the text of a JSON string or number; there is false for null and
// for a member that is missing.
func scalar(raw json.RawMessage) (text string, there, ok bool) {
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return "", false, true
	}
	switch c := raw[0]; {
	case c == '"':
		return text, true, json.Unmarshal(raw, &text) == nil
	case c == '-' || c >= '0' && c <= '9':
		return string(raw), true, true
	}
	return "", false, false
}

func (s *envelopeSession) Send(link Link, _ messages.MessageID, message messages.Message) error {
	if message.Kind == messages.KindBinary {
		return &messages.Error{Op: "send", Reason: messages.Because(messages.ReasonNotSupported, "an envelope holds JSON, not binary data; send it as text")}
	}
	if !utf8.Valid(message.Data) || !json.Valid(message.Data) {
		return &messages.Error{Op: "send", Reason: messages.Because(messages.ReasonInvalidMessage, "the payload of an envelope is JSON, and this message is not")}
	}
	return link.Write(Frame{Kind: FrameText, Data: s.wrap(cmp.Or(message.Type, s.Type), message.Data)})
}

// wrap makes an envelope around a payload that is valid JSON.
func (s *envelopeSession) wrap(kind string, payload []byte) []byte {
	b := make([]byte, 0, len(payload)+len(s.channel)+len(kind)+64)
	b = append(b, '{')
	b = append(append(b, quoted(s.TypeField)...), ':')
	b = append(append(b, quoted(kind)...), ',')
	if s.ChannelField != "-" {
		b = append(append(b, quoted(s.ChannelField)...), ':')
		b = append(append(b, quoted(s.channel)...), ',')
	}
	b = append(append(b, quoted(s.PayloadField)...), ':')
	b = append(append(b, payload...), '}')
	return b
}

// quoted is the string as JSON.
func quoted(s string) []byte {
	b, _ := json.Marshal(s) // a string always can be
	return b
}

func (s *envelopeSession) Heartbeat(link Link) error {
	return link.Write(Frame{Kind: FrameText, Data: []byte(s.EnvelopeOptions.Heartbeat)})
}

func (*envelopeSession) Bye(Link) (code int, text string) { return 1000, "" }

func (*envelopeSession) Ending(reason messages.Reason) messages.Reason { return reason }
