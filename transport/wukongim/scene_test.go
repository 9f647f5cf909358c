package wukongim

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/internal/linktest"
)

// scene is a conversation as it should be. Lines that begin with ": " are calls of the
// connection, those with "< " are packets of the server, see [server.packet]. All
// others are what the session does about the line above them. A scene begins after
// the login, unless it opens the session itself.
//
//	< recv 9 Group/g 1 bob hello
//	publish Group/g 1 hello unasked
//	: taken 1
//	> RECVACK 9 1
type scene struct {
	options Options
	opening transport.Opening
	trace   string
	cast    func(*cast)
}

// cast is a session, its server, and what they do.
type cast struct {
	t        testing.TB
	link     *linktest.Transcript
	s        *session
	server   *server
	counters map[string]*atomic.Uint64
	asked    int // questions that were put
	held     func(context.Context) any
}

func newCast(t testing.TB, options Options, opening transport.Opening) *cast {
	t.Helper()
	c := &cast{t: t, link: &linktest.Transcript{}, counters: map[string]*atomic.Uint64{}}
	for name, counter := range map[string]**atomic.Uint64{"ignored": &options.Ignored, "rejected": &options.Rejected, "gap": &options.Gaps} {
		*counter = new(atomic.Uint64)
		c.counters[name] = *counter
	}
	if options.UID == "" {
		options.UID = "ann"
	}
	if opening.Token.IsZero() && !options.Anonymous {
		opening.Token = messages.NewToken("secret")
	}
	opening.Life = 1
	s, ok := New(options).NewSession(opening).(*session)
	if !ok {
		t.Fatal("it is another session")
	}
	c.s, c.server = s, &server{t: t, json: options.JSON, version: 5}
	c.link.Show = c.server.show
	return c
}

// up logs in, and forgets how.
func (c *cast) up() *cast {
	c.do(": open")
	c.do("< connack")
	c.link.Lines = nil
	return c
}

// do plays one line.
func (c *cast) do(line string) {
	c.t.Helper()
	before := map[string]uint64{}
	for name, counter := range c.counters {
		before[name] = counter.Load()
	}
	err := c.play(line)
	for _, name := range []string{"ignored", "rejected", "gap"} {
		if c.counters[name].Load() > before[name] {
			c.link.Add("%s", name)
		}
	}
	if err != nil {
		typed, ok := errors.AsType[*messages.Error](err)
		if !ok {
			c.t.Fatalf("the error %v has no reason", err)
		}
		c.link.Add("error %s: %s", typed.Op, typed.Reason)
	}
}

func (c *cast) play(line string) error {
	if packet, inbound := strings.CutPrefix(line, "< "); inbound {
		return c.s.Receive(c.link, c.server.packet(packet))
	}
	words := strings.SplitN(strings.TrimPrefix(line, ": "), " ", 4)
	words = append(words, make([]string, 4)...)
	switch words[0] {
	case "open":
		return c.s.Open(c.link)
	case "join":
		return c.s.Join(c.link, requested(words, false))
	case "rejoin":
		return c.s.Join(c.link, requested(words, true))
	case "verify":
		return c.s.Verify(c.link, []transport.JoinRequest{requested(words, true)})
	case "leave":
		return c.s.Leave(c.link, requested(words, false).Ticket)
	case "send": // "send Group/g 1 hello"
		return c.s.Send(c.link, messages.MessageID(number(words[2])), messages.Text(words[3]).In(messages.RoomID(words[1])))
	case "say": // the same, and the head says where to; "none" says it nowhere
		head := Head{}
		if words[1] != "none" {
			head.Channel, _ = ChannelOf(messages.RoomID(words[1]))
		}
		return c.s.Send(c.link, messages.MessageID(number(words[2])), head.Message([]byte(words[3])))
	case "taken", "dropped": // "taken 1": the first receipt comes back
		return c.s.Taken(c.link, c.link.Receipts[number(words[1])-1], words[0] == "taken")
	case "answer": // the next question is asked, and answered
		question := c.link.Questions[c.asked]
		c.asked++
		return c.s.Answered(c.link, question(c.t.Context()))
	case "beat":
		return c.s.Heartbeat(c.link)
	case "bye":
		code, text := c.s.Bye(c.link)
		c.link.Add("close %d %q", code, text)
	case "end": // "end 6s": the stream ends after that long
		after, _ := time.ParseDuration(words[1])
		time.Sleep(after)
		c.link.Add("%s", c.s.Ending(messages.Reason{Code: messages.ReasonReadEOF}))
	case "again": // the next connection
		options, memory := c.s.Options, c.link.Kept
		c.s = (&protocol{options}).NewSession(transport.Opening{Channel: "ann", Life: 1, Token: c.s.token, Memory: memory}).(*session)
		c.link.Questions, c.asked = nil, 0
	case "later": // the next question is asked after the one behind it
		c.held = c.link.Questions[c.asked]
		c.asked++
	case "earlier": // now that one is
		c.asked--
		c.link.Questions[c.asked] = c.held
	case "wait": // "wait 61s"
		pause, _ := time.ParseDuration(words[1])
		time.Sleep(pause)
	case "full", "free":
		c.link.Full = words[0] == "full"
	case "broken":
		c.link.Broken = true
	default:
		return fmt.Errorf("nobody knows how to %q", words[0])
	}
	return nil
}

func number(word string) uint64 {
	n, _ := strconv.ParseUint(word, 10, 64)
	return n
}

// requested is the request of "join room number [offset]".
func requested(words []string, rejoin bool) transport.JoinRequest {
	return transport.JoinRequest{
		Ticket:   transport.Ticket{Room: messages.RoomID(words[1]), Number: number(words[2])},
		Position: messages.Position{Offset: number(words[3])}, Rejoin: rejoin,
	}
}

// archive is a Syncer that has what its maps say.
type archive struct {
	said   map[Channel][]Said
	member map[Channel]Membership
	errs   []error // of the next calls
	page   int     // messages of a page; 0: as many as are asked for
}

func (a *archive) fail() error {
	if len(a.errs) == 0 {
		return nil
	}
	err := a.errs[0]
	a.errs = a.errs[1:]
	return err
}

// put adds messages of a channel: "1 bob hello".
func (a *archive) put(channel Channel, lines ...string) {
	if a.said == nil {
		a.said = map[Channel][]Said{}
	}
	for _, line := range lines {
		words := strings.SplitN(line, " ", 3)
		m := Message{ID: int64(number(words[0])) + 1000, Seq: number(words[0]), From: words[1], Channel: channel}
		if words[1] == "ann" {
			m.ClientMsgNo = "0000000000000001-" + words[0]
		}
		a.said[channel] = append(a.said[channel], Said{m, []byte(words[2])})
	}
}

func (a *archive) History(_ context.Context, _ string, channel Channel, after uint64, limit int) (page History, err error) {
	if err := a.fail(); err != nil {
		return History{}, err
	}
	if a.page > 0 {
		limit = a.page
	}
	for _, m := range a.said[channel] {
		switch {
		case m.Seq <= after:
		case len(page.Messages) == limit:
			page.More = true
		default:
			page.Messages = append(page.Messages, m)
		}
	}
	return page, nil
}

func (a *archive) Latest(_ context.Context, _ string, channel Channel) (seq uint64, err error) {
	if said := a.said[channel]; len(said) > 0 {
		seq = said[len(said)-1].Seq
	}
	return seq, a.fail()
}

func (a *archive) Member(_ context.Context, _ string, channel Channel) (Membership, error) {
	return a.member[channel], a.fail()
}

// rehearse plays scenes and compares each with what it should be.
func rehearse(t *testing.T, scenes map[string]scene) {
	t.Helper()
	for sentence, sc := range scenes {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCast(t, sc.options, sc.opening)
				if sc.cast != nil {
					sc.cast(c)
				}
				if !strings.HasPrefix(strings.TrimSpace(sc.trace), ": open") {
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
		})
	}
}
