package interop

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// natsLines is as much of the NATS client protocol as a channel needs: it logs
// in, subscribes, publishes, and answers heartbeats. INFO and MSG reach the
// handler; the type of a message is its subject.
type natsLines struct {
	subjects []string
	mute     bool // does not answer the server's PING
}

func (natsLines) Name() string             { return "nats" }
func (natsLines) Traits() transport.Traits { return transport.Traits{} }
func (n natsLines) NewSession(transport.Opening) transport.Session {
	return &natsSession{natsLines: n}
}

// natsSession is one login. What a frame holds is a piece of a stream: several
// lines, or a part of one.
type natsSession struct {
	natsLines
	stream   []byte
	loggedIn bool
	last     messages.Reason // what the server complained about last
}

func (s *natsSession) Open(transport.Link) error { return nil } // the server speaks first

func (s *natsSession) Receive(link transport.Link, frame transport.Frame) error {
	s.stream = append(s.stream, frame.Data...)
	for {
		line, rest, ok := bytes.Cut(s.stream, []byte("\r\n"))
		if !ok {
			return nil
		}
		verb, argument, _ := strings.Cut(string(line), " ")
		if verb == "MSG" {
			subject, payload, after, whole, err := message(argument, rest)
			if err != nil || !whole {
				return err
			}
			link.Deliver(messages.KindText, subject, payload)
			s.stream = after
			continue
		}
		s.stream = rest
		if err := s.control(link, verb, argument); err != nil {
			return err
		}
	}
}

// message reads "subject sid [reply] size" and the payload that follows it.
func message(argument string, rest []byte) (subject string, payload, after []byte, whole bool, err error) {
	fields := strings.Fields(argument)
	if len(fields) < 3 {
		return "", nil, nil, false, fmt.Errorf("MSG %q has too few fields", argument)
	}
	size, err := strconv.Atoi(fields[len(fields)-1])
	if err != nil || len(rest) < size+2 {
		return "", nil, nil, false, err
	}
	return fields[0], bytes.Clone(rest[:size]), rest[size+2:], true, nil
}

func (s *natsSession) control(link transport.Link, verb, argument string) error {
	switch verb {
	case "INFO":
		link.Deliver(messages.KindText, "INFO", []byte(argument))
		if s.loggedIn {
			return nil // an update, such as that of the lame duck
		}
		return s.write(link, "CONNECT {\"verbose\":false,\"protocol\":1,\"lang\":\"holdfast\"}\r\n"+s.subscriptions()+"PING\r\n")
	case "PONG":
		if !s.loggedIn {
			s.loggedIn = true
			link.LoggedIn(transport.Login{})
			return nil
		}
		link.HeartbeatAnswered()
	case "PING":
		if !s.mute {
			return s.write(link, "PONG\r\n")
		}
	case "-ERR":
		s.last = messages.Reason{Wire: messages.Wire{Scheme: "nats", Text: strings.Trim(argument, "'")}}
	}
	return nil
}

func (s *natsSession) subscriptions() string {
	var b strings.Builder
	for i, subject := range s.subjects {
		fmt.Fprintf(&b, "SUB %s %d\r\n", subject, i+1)
	}
	return b.String()
}

func (s *natsSession) write(link transport.Link, lines string) error {
	return link.Write(transport.Frame{Kind: transport.FrameBinary, Data: []byte(lines)})
}

func (s *natsSession) Send(link transport.Link, _ messages.MessageID, m messages.Message) error {
	return s.write(link, fmt.Sprintf("PUB %s %d\r\n%s\r\n", m.Type, len(m.Data), m.Data))
}

func (s *natsSession) Heartbeat(link transport.Link) error { return s.write(link, "PING\r\n") }

func (s *natsSession) Bye(transport.Link) (code int, text string) { return 1000, "" }

// Ending adds what the server had complained about to how it ended.
func (s *natsSession) Ending(reason messages.Reason) messages.Reason {
	if s.last.Wire.Text != "" {
		reason.Detail = "the server said " + s.last.Wire.Text
	}
	return reason
}
