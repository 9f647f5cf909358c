package actors

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// script is a protocol that a person can read: every frame is a text whose
// first word says what it is. What it does not know is a message.
type script struct {
	login   bool // LOGIN is sent, OK awaited
	sync    bool // SYNCED is awaited after the login
	acks    bool // messages are answered with ACK or NACK
	dedupes bool // the peer drops what it had
	beats   bool // heartbeats are BEAT, not pings
	borrows bool // frames need no copy

	opened func(*connection)                   // shows the actor of each connection
	told   func(receipt any, taken bool) error // takes the place of Taken
	given  func(receipt any)                   // told of every TAKE

	leaving func(what string) // told of all that comes and goes, after it was delivered and before it is written
}

func (script) Name() string { return "script" }

func (p script) Traits() transport.Traits {
	return transport.Traits{Acknowledges: p.acks, Deduplicates: p.dedupes}
}

func (p script) NewSession(opening transport.Opening) transport.Session {
	return &scriptSession{script: p, token: opening.Token.Secret.Reveal()}
}

type scriptSession struct {
	script
	token string
	pings int
}

func text(format string, args ...any) transport.Frame {
	return transport.Frame{Kind: transport.FrameText, Data: fmt.Appendf(nil, format, args...)}
}

func (s *scriptSession) Borrows() bool { return s.borrows }

func (s *scriptSession) Open(l transport.Link) error {
	if s.opened != nil {
		s.opened(l.(*link).connection())
	}
	if s.login {
		return l.Write(text("%s", strings.TrimSpace("LOGIN "+s.token)))
	}
	l.LoggedIn(transport.Login{Sync: s.sync})
	return nil
}

func (s *scriptSession) Receive(link transport.Link, frame transport.Frame) error {
	if s.leaving != nil {
		defer s.leaving(string(frame.Data))
	}
	word, rest, _ := strings.Cut(string(frame.Data), " ")
	var id messages.MessageID
	_, _ = fmt.Sscan(rest, &id)
	switch word {
	case "OK":
		node, rest, _ := strings.Cut(rest, " ")
		ttl, _ := time.ParseDuration(rest)
		link.LoggedIn(transport.Login{Node: node, Sync: s.sync, TTL: ttl})
	case "SYNCED":
		link.Synced()
	case "ACK":
		link.Acknowledge(id, messages.Reason{}, nil)
	case "NACK":
		link.Acknowledge(id, messages.Reason{Code: messages.ReasonNack}, nil)
	case "HEARTBEAT":
		link.HeartbeatAnswered()
	case "RENEWED":
		ttl, _ := time.ParseDuration(rest)
		link.Renewed(ttl)
	case "GOAWAY":
		within, _ := time.ParseDuration(rest)
		link.GoAway(within, messages.Reason{})
	case "DEDUPES":
		link.Deduplicates()
	case "KNOCK":
		return link.Write(text("who is there?"))
	case "TAKE":
		if s.given != nil {
			s.given(rest)
		}
		link.Publish("", transport.Publication{Data: []byte(rest), Receipt: rest, Unasked: true})
	case "ASK":
		link.Ask(inquired(rest))
	case "SUSPECT":
		return &messages.Error{Op: "login", Reason: messages.Reason{Code: messages.ReasonAuthSuspected}}
	case "BOOM":
		panic("the session's bug")
	case "CREDENTIALS":
		return &messages.Error{Op: "login", Reason: messages.Reason{Code: messages.ReasonAuthRejected}}
	case "BAN":
		return &messages.Error{Op: "login", Reason: messages.Reason{Code: messages.ReasonBanned}}
	default:
		link.Deliver(messages.KindText, "", frame.Data)
	}
	return nil
}

func (s *scriptSession) Send(link transport.Link, id messages.MessageID, m messages.Message) error {
	if s.leaving != nil {
		s.leaving(string(m.Data))
	}
	if m.Type == "unsupported" {
		return &messages.Error{Op: "send", Reason: messages.Reason{Code: messages.ReasonNotSupported}}
	}
	if s.acks {
		return link.Write(text("MSG %d %s", id, m.Data))
	}
	return link.Write(text("%s", m.Data))
}

// inquired asks what is done as it says.
func inquired(what string) func(context.Context) any {
	return func(ctx context.Context) any {
		switch what {
		case "panic":
			panic("the question's bug")
		case "goexit":
			runtime.Goexit()
		case "wait":
			<-ctx.Done()
			time.Sleep(time.Second)
		}
		return what
	}
}

func (s *scriptSession) Answered(link transport.Link, answer any) error {
	return link.Write(text("answered %s", answer))
}

func (s *scriptSession) Taken(link transport.Link, receipt any, taken bool) error {
	if s.told != nil {
		return s.told(receipt, taken)
	}
	return link.Write(text("taken %s %v", receipt, taken))
}

func (s *scriptSession) Heartbeat(link transport.Link) error {
	if s.leaving != nil {
		s.leaving("HEARTBEAT")
	}
	if s.beats {
		return link.Write(text("BEAT"))
	}
	s.pings++
	return link.Write(transport.Frame{Kind: transport.FramePing, Data: fmt.Appendf(nil, "%d", s.pings)})
}

func (s *scriptSession) Bye(transport.Link) (int, string) { return 1000, "bye" }

func (s *scriptSession) Renew(link transport.Link, token messages.Token) error {
	return link.Write(text("RENEW %s", token.Secret.Reveal()))
}

// endings are what the close codes of this backend mean.
var endings = map[int]messages.Code{
	4001: messages.ReasonKickedOtherDevice,
	4002: messages.ReasonReconnectNow,
	4003: messages.ReasonBanned,
	4004: messages.ReasonCredExpired,
	4005: messages.ReasonSessionInvalid,
	4006: messages.ReasonRateLimited,
}

func (s *scriptSession) Ending(reason messages.Reason) messages.Reason {
	if s.leaving != nil {
		s.leaving("ENDING")
	}
	if code, ok := endings[reason.Wire.Code]; ok {
		reason.Code = code
	}
	return reason
}

// obliging is the peer of that protocol that says yes to everything.
func obliging(s *socket, message string) {
	word, rest, _ := strings.Cut(message, " ")
	switch word {
	case "LOGIN":
		s.send("OK n1")
		s.send("SYNCED")
	case "MSG":
		id, _, _ := strings.Cut(rest, " ")
		s.send("ACK " + id)
	case "BEAT":
		s.send("HEARTBEAT")
	case "RENEW":
		s.send("RENEWED")
	}
}
