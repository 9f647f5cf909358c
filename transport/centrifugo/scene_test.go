package centrifugo

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/internal/linktest"
)

// scene is a conversation as it should be. Lines that begin with ": " are calls of
// the connection, those with "< " are frames of the server, in which \n parts the
// replies. All others are what the session does about the line above them. A scene
// begins after the login, unless it opens the session itself.
//
//	: join tea 1 e1/5
//	> {"id":2,"subscribe":{"channel":"tea","recover":true,"epoch":"e1","offset":5}}
//	< {"id":2,"subscribe":{}}
//	room tea#1 Joined
type scene struct {
	options Options
	opening transport.Opening
	trace   string
}

// cast is a session and what it does.
type cast struct {
	t       testing.TB
	link    *linktest.Transcript
	s       *session
	ignored *atomic.Uint64
	audit   *auditor // nil, or in front of link
}

func newCast(t testing.TB, options Options, opening transport.Opening) *cast {
	t.Helper()
	c := &cast{t: t, link: &linktest.Transcript{}, ignored: &atomic.Uint64{}}
	options.Ignored = c.ignored
	s, ok := New(options).NewSession(opening).(*session)
	if !ok {
		t.Fatal("it is another session")
	}
	c.s = s
	return c
}

// up logs in, and forgets how.
func (c *cast) up() *cast {
	c.do(": open")
	c.do(`< {"id":1,"connect":{"client":"c1","version":"6","ping":25,"pong":true}}`)
	c.link.Lines = nil
	return c
}

// do plays one line.
func (c *cast) do(line string) {
	c.t.Helper()
	before := c.ignored.Load()
	err := c.play(line)
	if n := c.ignored.Load() - before; n > 0 {
		c.link.Add("ignored %d", n)
	}
	c.note(err)
}

func (c *cast) note(err error) {
	c.t.Helper()
	if err != nil {
		typed, ok := errors.AsType[*messages.Error](err)
		if !ok {
			c.t.Fatalf("the error %v has no reason", err)
		}
		c.link.Add("error %s: %s", typed.Op, typed.Reason)
	}
}

func (c *cast) play(line string) error {
	if frame, inbound := strings.CutPrefix(line, "< "); inbound {
		return c.hear(transport.FrameText, strings.NewReplacer(`\r`, "\r", `\n`, "\n").Replace(frame))
	}
	words := strings.SplitN(strings.TrimPrefix(line, ": "), " ", 4)
	words = append(words, make([]string, 4)...)
	number, _ := strconv.Atoi(words[2])
	switch words[0] {
	case "open":
		return c.s.Open(c.to())
	case "join":
		return c.s.Join(c.to(), requested(words))
	case "verify": // "verify tea,cake 1": the second has the ticket 2
		var joins []transport.JoinRequest
		for i, room := range strings.Split(words[1], ",") {
			join := requested(words)
			join.Ticket = transport.Ticket{Room: messages.RoomID(room), Number: uint64(number + i)}
			joins = append(joins, join)
		}
		return c.s.Verify(c.to(), joins)
	case "leave":
		return c.s.Leave(c.to(), requested(words).Ticket)
	case "send": // into a room
		return c.s.Send(c.to(), messages.MessageID(number), messages.Text(words[3]).In(messages.RoomID(words[1])))
	case "call":
		return c.s.Send(c.to(), messages.MessageID(number), messages.Text(words[3]).Typed(words[1]))
	case "say": // to the server
		return c.s.Send(c.to(), messages.MessageID(number), messages.Text(words[3]))
	case "bytes":
		return c.s.Send(c.to(), messages.MessageID(number), messages.Binary([]byte(words[3])))
	case "renew":
		return c.s.Renew(c.to(), messages.NewToken(words[1]))
	case "renewroom":
		return c.s.RenewRoom(c.to(), requested(words).Ticket, messages.NewToken(words[3]))
	case "binary":
		return c.hear(transport.FrameBinary, words[1])
	case "beat":
		return c.s.Heartbeat(c.to())
	case "bye":
		code, text := c.s.Bye(c.to())
		c.link.Add("close %d %q", code, text)
	case "full":
		c.link.Full = true
	case "free":
		c.link.Full = false
	case "broken":
		c.link.Broken = true
	default:
		return fmt.Errorf("nobody knows how to %q", words[0])
	}
	return nil
}

// requested is the request of "join room number position-or-token".
func requested(words []string) transport.JoinRequest {
	number, _ := strconv.ParseUint(words[2], 10, 64)
	join := transport.JoinRequest{Ticket: transport.Ticket{Room: messages.RoomID(words[1]), Number: number}}
	if epoch, offset, ok := strings.Cut(words[3], "/"); ok {
		join.Position.Epoch = epoch
		join.Position.Offset, _ = strconv.ParseUint(offset, 10, 64)
	} else if words[3] != "" {
		join.Token = messages.NewToken(words[3])
	}
	return join
}

// to is what the session does things with.
func (c *cast) to() transport.Link {
	if c.audit != nil {
		return c.audit
	}
	return c.link
}

// heard hears a frame, and writes down how it ended.
func (c *cast) heard(frame []byte) error {
	c.t.Helper()
	err := c.hear(transport.FrameText, string(frame))
	c.note(err)
	return err
}

// hear receives a frame whose buffer is used again afterwards.
func (c *cast) hear(kind transport.FrameKind, text string) error {
	buffer := []byte(text)
	err := c.s.Receive(c.to(), transport.Frame{Kind: kind, Data: buffer})
	for i := range buffer {
		buffer[i] = 0xee
	}
	for _, p := range c.link.Data {
		if string(p.Data) != p.Was {
			c.t.Fatalf("%q was handed over, and has become %q with the frame's buffer", p.Was, p.Data)
		}
	}
	return err
}

// rehearse plays scenes and compares each with what it should be.
func rehearse(t *testing.T, scenes map[string]scene) {
	t.Helper()
	for sentence, sc := range scenes {
		t.Run(sentence, func(t *testing.T) {
			c := newCast(t, sc.options, sc.opening)
			if !strings.Contains(sc.trace, ": open") {
				c.up()
			}
			var want []string
			for line := range strings.Lines(strings.TrimSpace(sc.trace)) {
				if line = strings.TrimSpace(line); line == "" {
					continue
				}
				want = append(want, line)
				if strings.HasPrefix(line, ": ") || strings.HasPrefix(line, "< ") {
					c.link.Add("%s", line)
					c.do(line)
				}
			}
			if got, want := strings.Join(c.link.Lines, "\n"), strings.Join(want, "\n"); got != want {
				t.Errorf("it went\n%s\n\nand should go\n%s", got, want)
			}
		})
	}
}

func same(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
