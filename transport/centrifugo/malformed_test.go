package centrifugo

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

func TestWhatIsNoReplyEndsTheConnection(t *testing.T) {
	for sentence, frame := range map[string]string{
		"half a reply":                    `{"id":2,"publish":{`,
		"a reply and garbage":             `{"id":2,"publish":{}} x`,
		"two replies on a line":           `{"id":2,"publish":{}}{}`,
		"a list":                          `[{"id":2}]`,
		"nothing":                         `null`,
		"a text":                          `"hello"`,
		"a number":                        `7`,
		"an id that is a text":            `{"id":"2","publish":{}}`,
		"an id above 32 bits":             `{"id":4294967296,"publish":{}}`,
		"an id below zero":                `{"id":-1,"publish":{}}`,
		"an id with a fraction":           `{"id":2.5,"publish":{}}`,
		"a result that is a text":         `{"id":2,"publish":"yes"}`,
		"an error that is a text":         `{"id":2,"error":"no"}`,
		"an error with a text for a code": `{"id":2,"error":{"code":"103"}}`,
		"a push that is a list":           `{"push":[]}`,
		"a publication that is a number":  `{"push":{"channel":"tea","pub":5}}`,
		"a channel that is a number":      `{"push":{"channel":5,"pub":{"data":1}}}`,
		"an offset below zero":            `{"push":{"channel":"tea","pub":{"data":1,"offset":-1}}}`,
		"an offset above 64 bits":         `{"push":{"channel":"tea","pub":{"data":1,"offset":18446744073709551616}}}`,
		"an offset that is a text":        `{"id":2,"subscribe":{"offset":"5"}}`,
		"a time to live below zero":       `{"push":{"refresh":{"expires":true,"ttl":-5}}}`,
		"subscriptions that are a list":   `{"id":1,"connect":{"subs":[]}}`,
		"presence that is a list":         `{"id":2,"presence":{"presence":["c1"]}}`,
		"an epoch that is a number":       `{"id":2,"subscribe":{"epoch":5}}`,
		"brackets without end":            `{"push":{"message":{"data":` + strings.Repeat("[", 20_000),
	} {
		t.Run(sentence, func(t *testing.T) {
			c := newCast(t, Options{}, transport.Opening{}).up()
			c.do(": send tea 7 1")
			c.link.Lines = nil
			c.do("< " + frame)
			if len(c.link.Lines) != 1 || !strings.HasPrefix(c.link.Lines[0], "error receive: ProtocolError: a reply of ") {
				t.Errorf("it went %.300q", c.link.Lines)
			}
		})
	}
	c := newCast(t, Options{}, transport.Opening{}).up()
	c.do(": binary abc")
	same(t, c.link.Lines, []string{"error receive: ProtocolError: a binary frame of 3 bytes came in a JSON session"})
}

// The words of a server end up in events and logs.
func TestWhatIsSaidAboutAReplyIsShortHoweverLongItIs(t *testing.T) {
	long := strings.Repeat("9", 1<<20)
	for sentence, frame := range map[string]string{
		"a number":        `{"id":` + long + `}`,
		"an error's text": `{"id":1,"error":{"code":103,"message":"` + long + `"}}`,
		"a farewell":      `{"push":{"disconnect":{"code":3503,"reason":"` + long + `"}}}`,
	} {
		t.Run(sentence, func(t *testing.T) {
			c := newCast(t, Options{}, transport.Opening{})
			c.do(": open")
			err := c.hear(transport.FrameText, frame)
			reason, ok := messages.ReasonOf(err)
			if size := len(err.Error()); !ok || size > 1024 || size < 100 {
				t.Errorf("%d bytes, reason %.100s", size, reason)
			}
		})
	}
	if got := brief(strings.Repeat("é", briefly)); got != strings.Repeat("é", briefly/2)+"..." {
		t.Errorf("a text is cut within a letter: %q", got)
	}
}

func TestTheOtherRoomsDoNotNotice(t *testing.T) {
	for sentence, frame := range map[string]string{
		"a reply to a request that was never sent": `{"id":99,"subscribe":{}}`,
		"a reply that came before":                 `{"id":2,"subscribe":{"epoch":"e9","positioned":true}}`,
		"an error that came before":                `{"id":2,"error":{"code":109}}`,
		"an unknown push":                          `{"push":{"channel":"tea","wave":{}}}`,
		"an unknown reply":                         `{"id":99,"wave":{}}`,
		"a reply without an id":                    `{"subscribe":{}}`,
		"a reply of the wrong kind":                `{"id":4,"publish":{}}`,
		"a push with an id":                        `{"id":4,"push":{"channel":"tea","unsubscribe":{}}}`,
		"a publication in no channel":              `{"push":{"pub":{"data":1}}}`,
		"an empty push":                            `{"push":{}}`,
	} {
		t.Run(sentence, func(t *testing.T) {
			c := newCast(t, Options{}, transport.Opening{}).up()
			c.do(": join tea 1")
			c.do(`< {"id":2,"subscribe":{}}`)
			c.do(": join cake 2")
			c.do(": join pie 3")
			c.link.Lines = nil
			c.do("< " + frame)
			if n := c.ignored.Load(); n != 1 {
				t.Errorf("%d were counted", n)
			}
			for _, line := range c.link.Lines {
				if line != "ignored 1" && !strings.HasPrefix(line, "room pie#3 Retry ProtocolError") {
					t.Errorf("it did %q", line)
				}
			}
			c.link.Lines = nil
			c.do(`< {"id":3,"subscribe":{}}\n{"push":{"channel":"tea","pub":{"data":1}}}\n{"push":{"channel":"cake","pub":{"data":2}}}`)
			same(t, c.link.Lines, []string{"room cake#2 Joined", "pub tea 0 1", "pub cake 0 2"})
		})
	}
}

// A server that never answers cannot make us remember without end.
func TestWhatHasNoAnswerIsBounded(t *testing.T) {
	silent := func(times int, ask func(c *cast, i int)) *cast {
		c := newCast(t, Options{}, transport.Opening{}).up()
		for i := range times {
			ask(c, i)
			if i%1000 == 0 {
				c.link.Lines = nil
			}
			if len(c.s.pending) > maxPending {
				t.Fatalf("%d requests are pending", len(c.s.pending))
			}
		}
		return c
	}
	tea := transport.JoinRequest{Ticket: transport.Ticket{Room: "tea", Number: 1}}
	t.Run("leaves of one room", func(t *testing.T) {
		c := silent(1000, func(c *cast, _ int) { _ = c.s.Leave(c.link, tea.Ticket) })
		same(t, []int{len(c.s.pending), len(c.s.rooms)}, []int{1, 1})
	})
	t.Run("joins and leaves of one room", func(t *testing.T) {
		c := silent(1000, func(c *cast, _ int) {
			_ = c.s.Verify(c.link, []transport.JoinRequest{tea, tea})
			_ = c.s.Leave(c.link, tea.Ticket)
			_ = c.s.Join(c.link, tea)
			_ = c.s.RenewRoom(c.link, tea.Ticket, messages.NewToken("t"))
			_ = c.s.Renew(c.link, messages.NewToken("t"))
		})
		same(t, []int{len(c.s.pending), len(c.s.rooms)}, []int{3, 1})
	})
	t.Run("leaves of many rooms", func(t *testing.T) {
		c := silent(maxPending+1000, func(c *cast, i int) {
			_ = c.s.Leave(c.link, transport.Ticket{Room: messages.RoomID(fmt.Sprint(i)), Number: 1})
		})
		if n := len(c.s.rooms); n > maxPending {
			t.Errorf("%d rooms are remembered", n)
		}
		c.do(fmt.Sprintf(": leave x %d", 7))
		c.link.Lines = nil
		c.do(fmt.Sprintf(`< {"id":%d,"unsubscribe":{}}`, c.s.last))
		same(t, c.link.Lines, []string{"room x#7 Left"})
	})
	t.Run("messages", func(t *testing.T) {
		c := silent(maxPending+1000, func(c *cast, i int) {
			_ = c.s.Send(c.link, messages.MessageID(i), messages.Text("1").In("tea"))
		})
		c.link.Lines = nil
		c.do(fmt.Sprintf(`< {"id":%d,"publish":{}}\n{"id":2,"publish":{}}`, c.s.last))
		same(t, c.link.Lines, []string{fmt.Sprintf("delivered %d", maxPending+999), "ignored 1"})
	})
}
