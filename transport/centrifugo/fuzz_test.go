package centrifugo

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/internal/linktest"
)

// auditor is a transcript that notices news about what nobody asked.
type auditor struct {
	*linktest.Transcript
	sent    map[messages.MessageID]bool
	tickets map[transport.Ticket]bool
}

func (a *auditor) Acknowledge(id messages.MessageID, reason messages.Reason, _ any) {
	if !a.sent[id] {
		a.Add("WRONG: message %d was not sent, or has an answer already", id)
	}
	delete(a.sent, id)
	a.Transcript.Acknowledge(id, reason, nil)
}

func (a *auditor) Room(t transport.Ticket, news transport.RoomNews) {
	if !a.tickets[t] {
		a.Add("WRONG: nobody asked %v", t)
	}
	a.Transcript.Room(t, news)
}

// moves are what may have happened before. %s is a room, %d a new number.
var moves = []string{
	": join %s %d e1/5", ": join %s %d", ": verify %s,d %d e1/5", ": leave %s %d",
	": send %s %d 1", ": call %s %d 1", ": say %s %d 1", ": renew %s%d", ": renewroom %s %d t",
	": full", ": free", ": beat", "yes", "no", "112", "105",
	`< {"push":{"channel":"%s","subscribe":{"recoverable":true,"epoch":"e%d","offset":5}}}`,
	`< {"push":{"channel":"%s","pub":{"data":1,"offset":%d}}}`,
	`< {}`,
}

// state leads a session to where bytes are to be tried on it: each move is a byte.
// The first byte says whether it has a past, and whether it is logged in.
func state(t *testing.T, path []byte) (*cast, *auditor) {
	first := byte(1)
	if len(path) > 0 {
		first, path = path[0], path[1:min(len(path), 64)]
	}
	opening := transport.Opening{Token: messages.Token{User: "ann"}}
	if first&2 != 0 {
		opening.Memory = &memory{client: "c0", subs: map[string]messages.Position{"a": {Epoch: "e1", Offset: 5}, "n": {Epoch: "e1", Offset: 5}}}
	}
	c := newCast(t, Options{}, opening)
	audit := &auditor{c.link, map[messages.MessageID]bool{}, map[transport.Ticket]bool{}}
	c.audit = audit
	c.do(": open")
	if first&1 != 0 {
		c.do(`< {"id":1,"connect":{"client":"c1","pong":true,"subs":{"n":{"recoverable":true,"epoch":"e1","offset":6}}}}`)
	}
	for i, b := range path {
		number := i + 1
		room := string(rune('a' + int(b)/len(moves)%3))
		for _, asked := range []string{room, "d"} {
			for n := range 2 {
				audit.tickets[transport.Ticket{Room: messages.RoomID(asked), Number: uint64(number + n)}] = true
			}
		}
		move := moves[int(b)%len(moves)]
		if strings.HasPrefix(move, ": send") || strings.HasPrefix(move, ": call") || strings.HasPrefix(move, ": say") {
			audit.sent[messages.MessageID(number)] = true
		}
		if strings.Contains(move, "%s") {
			move = fmt.Sprintf(move, room, number)
		} else if move[0] != ':' && move[0] != '<' {
			if move = c.reply(move); move == "" {
				continue
			}
		}
		c.do(move)
	}
	c.link.Lines = nil
	return c, audit
}

// results are right answers.
var results = [...]string{
	connecting: `"connect":{"client":"c1"}`, subscribing: `"subscribe":{"recoverable":true,"epoch":"e1","offset":5,"recovered":true}`,
	unsubscribing: `"unsubscribe":{}`, asking: `"presence":{"presence":{"c9":{"user":"ann"}}}`, publishing: `"publish":{}`,
	calling: `"rpc":{"data":1}`, refreshing: `"refresh":{}`, subRefreshing: `"sub_refresh":{}`,
}

// reply answers what was asked first and waits for an answer.
func (c *cast) reply(how string) string {
	if len(c.s.pending) == 0 {
		return ""
	}
	id := slices.Min(slices.Collect(maps.Keys(c.s.pending)))
	switch how {
	case "yes":
		return fmt.Sprintf(`< {"id":%d,%s}`, id, results[c.s.pending[id].kind])
	case "no":
		return fmt.Sprintf(`< {"id":%d,"error":{"code":100,"temporary":true}}`, id)
	}
	return fmt.Sprintf(`< {"id":%d,"error":{"code":%s}}`, id, how)
}

// sound checks what must hold whatever was heard.
func (c *cast) sound(in []byte) {
	c.t.Helper()
	for _, line := range c.link.Lines {
		if strings.HasPrefix(line, "WRONG") {
			c.t.Fatal(line)
		}
	}
	replies := bytes.Count(in, []byte{'\n'}) + 1
	if n := len(c.s.rooms); n > 5 {
		c.t.Fatalf("%d rooms are remembered", n)
	}
	if n := len(c.s.pending); n > 64*3 {
		c.t.Fatalf("%d requests are pending", n)
	}
	if n := len(c.s.memory.subs); n > 64+len(in) {
		c.t.Fatalf("%d subscriptions are remembered", n)
	}
	if c.link.Frames > 3*64+replies {
		c.t.Fatalf("%d frames were written about %d replies", c.link.Frames, replies)
	}
	for room, m := range c.s.rooms {
		if m.ticket.Room != room || m.leaving && c.s.pending[m.await].kind != unsubscribing {
			c.t.Fatalf("room %q has %+v", room, m)
		}
	}
	if _, taken := c.s.pending[0]; taken {
		c.t.Fatal("0 is awaited")
	}
}

// alive joins another room, if the connection is still there and logged in.
func (c *cast) alive() {
	c.t.Helper()
	if last := c.link.Lines; !c.s.up || len(last) > 0 && strings.HasPrefix(last[len(last)-1], "error") {
		return
	}
	c.do(": free")
	c.audit.tickets[transport.Ticket{Room: "fresh", Number: 999}] = true
	c.do(": join fresh 999")
	c.link.Lines = nil
	c.do(fmt.Sprintf(`< {"id":%d,"subscribe":{}}`, c.s.last))
	if got := c.link.Lines[len(c.link.Lines)-1]; got != "room fresh#999 Joined" {
		c.t.Fatalf("another room went %q", got)
	}
}

// FuzzSession tries any bytes in any state: nothing panics, nothing is answered
// that was not asked, what is remembered is bounded, other rooms can be joined, and
// replies mean the same however they share frames.
func FuzzSession(f *testing.F) {
	for _, in := range []string{
		`{}`, `{"id":2,"subscribe":{"recoverable":true,"epoch":"e1","offset":7,"recovered":true,"publications":[{"data":6,"offset":6},{"data":7,"offset":7}]}}`,
		`{"id":1,"connect":{"client":"c1","subs":{"n":{"recoverable":true,"epoch":"e2","offset":18446744073709551615}},"ping":25,"pong":true,"expires":true,"ttl":4294967295}}`,
		`{"id":2,"error":{"code":105}}` + "\n" + `{"id":3,"error":{"code":112}}` + "\n" + `{"id":4,"error":{"code":109,"message":"token expired"}}`,
		`{"push":{"channel":"a","unsubscribe":{"code":2500}}}` + "\n\n" + `{"push":{"channel":"a","pub":{"data":1,"offset":6}}}`,
		`{"push":{"channel":"n","subscribe":{"positioned":true,"epoch":"","offset":1}}}` + "\r\n" + `{"push":{"disconnect":{"code":3503}}}`,
		`{"id":2,"presence":{"presence":{"":{},"c0":{"user":"ann"}}}}` + "\n" + `{"id":2,"presence":{}}`,
		`{"push":{"message":{"data":[[[[]]]]}}}` + "\n" + `{"push":{"refresh":{"expires":true}}}` + "\n" + `{"push":{"wave":{}}}`,
		`{"id":4294967296}`, `{"id":-1}`, `null`, `{"push":{"channel":"","pub":{"data":1}}}`, `{"id":2,"publish":{}} x`,
	} {
		f.Add([]byte{1}, []byte(in), uint8(1), uint8(2))
		f.Add([]byte{3, 0, 20, 40, 2, 3, 4, 5, 7, 12, 8, 12}, []byte(in), uint8(0), uint8(3))
		f.Add([]byte{2, 0, 9, 18}, []byte(in), uint8(2), uint8(0))
	}
	f.Fuzz(func(t *testing.T, path, in []byte, a, b uint8) {
		lines := bytes.Split(in, []byte{'\n'})
		hear := func(sizes ...int) string {
			c, _ := state(t, path)
			for i, rest := 0, lines; len(rest) > 0; i++ {
				n := min(sizes[i%len(sizes)], len(rest))
				if err := c.heard(bytes.Join(rest[:n], []byte{'\n'})); err != nil {
					break
				}
				rest = rest[n:]
			}
			c.link.Add("%d ignored, %d pending, %d rooms, subs %v", c.ignored.Load(), len(c.s.pending), len(c.s.rooms), c.s.memory.subs)
			c.sound(in)
			news := strings.Join(c.link.Lines, "\n")
			c.link.Lines = c.link.Lines[:len(c.link.Lines)-1]
			c.alive()
			return news
		}
		whole := hear(len(lines))
		for _, other := range []string{hear(1), hear(int(a)+1, int(b)+1)} {
			if other != whole {
				t.Fatalf("in one frame:\n%s\n\nin several:\n%s", whole, other)
			}
		}
	})
}
