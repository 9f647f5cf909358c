package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/seed14814784/holdfast/messages"
)

// transcript is a Link that writes down what a session does with it.
type transcript struct{ lines []string }

func (l *transcript) add(format string, args ...any) {
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

func (l *transcript) Write(f Frame) error {
	l.add("write %d %s", f.Kind, f.Data)
	return nil
}
func (l *transcript) LoggedIn(login Login) { l.add("logged in %v", login) }
func (l *transcript) Synced()              { l.add("synced") }
func (l *transcript) Deliver(kind messages.Kind, name string, data []byte) {
	l.add("deliver %v %q %s", kind, name, data)
}
func (l *transcript) Ask(func(context.Context) any)                        { l.add("ask") }
func (l *transcript) Deduplicates()                                        { l.add("deduplicates") }
func (l *transcript) Acknowledge(messages.MessageID, messages.Reason, any) { l.add("acknowledge") }
func (l *transcript) HeartbeatAnswered()                                   { l.add("heartbeat answered") }
func (l *transcript) GoAway(time.Duration, messages.Reason)                { l.add("go away") }
func (l *transcript) Renewed(time.Duration)                                { l.add("renewed") }
func (l *transcript) Keep(any)                                             { l.add("keep") }
func (l *transcript) Room(t Ticket, news RoomNews)                         { l.add("room %s %s", t.Room, news.Kind) }
func (l *transcript) Publish(room messages.RoomID, p Publication) {
	l.add("publish %s %s", room, p.Data)
}

// talk drives a session: "<" is an inbound text, ">" a message to send.
func talk(p Protocol, lines ...string) string {
	link := &transcript{}
	s := p.NewSession(Opening{Channel: "room1"})
	note := func(err error) {
		if err != nil {
			link.add("error %s", code(err))
		}
	}
	for _, line := range lines {
		switch text := line[min(1, len(line)):]; line[:min(1, len(line))] {
		case "<":
			note(s.Receive(link, Frame{FrameText, []byte(text)}))
		case "b":
			note(s.Receive(link, Frame{FrameBinary, []byte(text)}))
		case ">":
			note(s.Send(link, 1, messages.Text(text)))
		case "t":
			note(s.Send(link, 1, messages.Text(text).Typed("chat")))
		case "B":
			note(s.Send(link, 1, messages.Binary([]byte(text))))
		case "h":
			note(s.Heartbeat(link))
		case "o":
			note(s.Open(link))
		}
	}
	return strings.Join(link.lines, "\n")
}

func TestRawIsFramesAsTheyAre(t *testing.T) {
	same(t, "transcript", talk(Raw(), "o", "<hello", "b\x00", ">hi", ">\xff", "B\xff", "h", "h"),
		"logged in { false false false 0s 0s}\ndeliver text \"\" hello\ndeliver binary \"\" \x00\nwrite 0 hi\nerror InvalidMessage\nwrite 1 \xff\nwrite 2 \x00\x00\x00\x01\nwrite 2 \x00\x00\x00\x02")
	same(t, "traits", Raw().Traits(), Traits{})
	reason := messages.Because(messages.ReasonPeerClose, "x")
	same(t, "ending", Raw().NewSession(Opening{}).Ending(reason), reason)
}

func TestEnvelope(t *testing.T) {
	flutter := EnvelopeOptions{
		TypeField: "module", PayloadField: "message", ChannelField: "-", HeartbeatAnswer: "HEART_CHECK",
		Heartbeat: `{"module": "HEART_CHECK", "message": "请求心跳"}`,
	}
	for sentence, c := range map[string]struct {
		options EnvelopeOptions
		line    string
		want    string
	}{
		"logs in at once":                 {EnvelopeOptions{}, "o", "logged in { false false false 0s 0s}"},
		"wraps a payload":                 {EnvelopeOptions{}, `>{"text":"hello"}`, `write 0 {"type":"message","channelId":"room1","payload":{"text":"hello"}}`},
		"wraps it with its type":          {EnvelopeOptions{}, `t[1]`, `write 0 {"type":"chat","channelId":"room1","payload":[1]}`},
		"wraps it with a default type":    {EnvelopeOptions{Type: "event"}, `>1`, `write 0 {"type":"event","channelId":"room1","payload":1}`},
		"wraps it in other words":         {flutter, `t"hi"`, `write 0 {"module":"chat","message":"hi"}`},
		"rejects what is not JSON":        {EnvelopeOptions{}, `>hello`, "error InvalidMessage"},
		"rejects two values":              {EnvelopeOptions{}, `>1,"x":2`, "error InvalidMessage"},
		"rejects what is not UTF-8":       {EnvelopeOptions{}, ">\"\xff\"", "error InvalidMessage"},
		"rejects nothing":                 {EnvelopeOptions{}, ">", "error InvalidMessage"},
		"rejects binary":                  {EnvelopeOptions{}, "B1", "error NotSupported"},
		"unwraps a payload":               {EnvelopeOptions{}, `<{"type":"chat","payload":{"a": 1}}`, `deliver text "chat" {"a": 1}`},
		"unwraps our own channel's":       {EnvelopeOptions{}, `<{"type":"chat","channelId":"room1","payload":null}`, `deliver text "chat" null`},
		"drops another channel's":         {EnvelopeOptions{}, `<{"type":"chat","channelId":"room2","payload":1}`, ""},
		"delivers another channel's":      {EnvelopeOptions{DeliverForeign: true}, `<{"type":"chat","channelId":"room2","payload":1}`, `deliver text "chat" 1`},
		"knows no channel when told so":   {EnvelopeOptions{ChannelField: "-"}, `<{"type":"chat","channelId":"room2","payload":1}`, `deliver text "chat" 1`},
		"delivers a payload's lack whole": {EnvelopeOptions{}, `<{"type":"chat","text":"x"}`, `deliver text "chat" {"type":"chat","text":"x"}`},
		"takes a number as a type":        {EnvelopeOptions{}, `<{"type":7,"payload":1}`, `deliver text "7" 1`},
		"takes no type":                   {EnvelopeOptions{}, `<{"payload":1}`, `deliver text "" 1`},
		"takes an object as no type":      {EnvelopeOptions{}, `<{"type":{},"payload":1}`, "error ProtocolError"},
		"takes an array as no envelope":   {EnvelopeOptions{}, `<[1]`, "error ProtocolError"},
		"takes null as no envelope":       {EnvelopeOptions{}, `<null`, "error ProtocolError"},
		"takes rubbish as no envelope":    {EnvelopeOptions{}, `<{"type":`, "error ProtocolError"},
		"takes nothing as no envelope":    {EnvelopeOptions{}, `<`, "error ProtocolError"},
		"delivers rubbish when told so":   {EnvelopeOptions{DeliverMalformed: true}, `<{"type":`, `deliver text "" {"type":`},
		"delivers binary as it is":        {EnvelopeOptions{}, "bxyz", `deliver binary "" xyz`},
		"beats":                           {EnvelopeOptions{}, "h", `write 0 {"type":"ping"}`},
		"beats as the Flutter class does": {flutter, "h", `write 0 {"module": "HEART_CHECK", "message": "请求心跳"}`},
		"hears an answer":                 {EnvelopeOptions{}, `<{"type":"pong"}`, "heartbeat answered"},
		"hears a bare answer":             {EnvelopeOptions{}, `<pong`, "heartbeat answered"},
		"hears another answer":            {flutter, `<{"module":"HEART_CHECK","message":"ok"}`, "heartbeat answered"},
		"hears no answer when told so":    {EnvelopeOptions{HeartbeatAnswer: "-"}, `<{"type":"-","payload":1}`, `deliver text "-" 1`},
	} {
		t.Run(sentence, func(t *testing.T) {
			same(t, "transcript", talk(Envelope(c.options), c.line), c.want)
		})
	}
}

func TestEnvelopeCountsForeignMessages(t *testing.T) {
	var foreign atomic.Uint64
	talk(Envelope(EnvelopeOptions{Foreign: &foreign}), `<{"channelId":"a"}`, `<{"channelId":"b"}`, `<{"channelId":"room1"}`)
	same(t, "count", foreign.Load(), uint64(2))
}

func TestEnvelopeChecksItsOptions(t *testing.T) {
	check := func(o EnvelopeOptions) error { return Envelope(o).(interface{ Check() error }).Check() }
	same(t, "the zero value", check(EnvelopeOptions{}), error(nil))
	joined, ok := check(EnvelopeOptions{TypeField: "payload", Heartbeat: "\xff"}).(interface{ Unwrap() []error })
	if !ok || len(joined.Unwrap()) != 2 {
		t.Errorf("got %v", joined)
	}
}

// FuzzEnvelope checks that nothing inbound panics, and that what is wrapped is
// unwrapped to the same.
func FuzzEnvelope(f *testing.F) {
	for _, seed := range []string{
		`{"type":"chat","channelId":"room1","payload":{"a":1}}`, `{"type":7}`, `[]`, `null`, ``, `"x"`, `{"type":"\ud800"}`,
		`{"module":"HEART_CHECK","message":"请求心跳"}`, `{"type":"a","type":"b"}`, "{\"payload\":\"\xff\"}", `{"a":{"a":{"a":[[[[]]]]}}}`,
	} {
		f.Add(seed, "chat")
	}
	f.Fuzz(func(t *testing.T, text, name string) {
		p := Envelope(EnvelopeOptions{HeartbeatAnswer: "-"})
		talk(p, "<"+text)
		if name == "" || !utf8.ValidString(name) {
			return
		}
		link := &transcript{}
		s := p.NewSession(Opening{Channel: messages.ChannelID(name)}).(*envelopeSession)
		if s.Send(link, 1, messages.Text(text).Typed(name)) != nil {
			if utf8.ValidString(text) && json.Valid([]byte(text)) {
				t.Fatalf("%q was rejected", text)
			}
			return
		}
		in, ok := s.open([]byte(strings.TrimPrefix(link.lines[0], "write 0 ")))
		// White space around a value does not belong to it.
		want := strings.Trim(text, " \t\r\n")
		if !ok || in.kind != name || in.channel != name || string(in.payload) != want {
			t.Fatalf("%q of type %q became %+v", text, name, in)
		}
	})
}
