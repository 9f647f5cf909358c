package interop

import (
	"fmt"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
)

// An ending that only RFC 6455 gives a meaning to is never final: every code
// leads to a retry, and arrives as it was on the wire. 1006 must never be sent;
// nats-server did, up to 2.9.
func TestEveryCloseCodeOfGorillaIsToldAndRetried(t *testing.T) {
	t.Parallel()
	story := func(reason string) string {
		return "Backoff reason=" + reason + " attempt=1\nReady attempt=1\n"
	}
	for name, c := range map[string]struct {
		body   []byte
		answer int
		story  string
	}{
		"1000 without words":       {websocket.FormatCloseMessage(1000, ""), 1000, story(`PeerClose (websocket 1000)`)},
		"1001 going away":          {websocket.FormatCloseMessage(1001, "410 Gone"), 1001, story(`PeerClose (websocket 1001 "410 Gone")`)},
		"1008 policy":              {websocket.FormatCloseMessage(1008, "policy"), 1008, story(`PeerClose (websocket 1008 "policy")`)},
		"1011 internal error":      {websocket.FormatCloseMessage(1011, "keepalive ping timeout"), 1011, story(`PeerClose (websocket 1011 "keepalive ping timeout")`)},
		"1012 restart":             {websocket.FormatCloseMessage(1012, "restart"), 1012, story(`PeerClose (websocket 1012 "restart")`)},
		"4001 with text":           {websocket.FormatCloseMessage(4001, "ersetzt – replaced"), 4001, story(`PeerClose (websocket 4001 "ersetzt – replaced")`)},
		"no code at all":           {nil, websocket.CloseNoStatusReceived, story(`PeerClose (websocket 1005)`)},
		"1006, which is forbidden": {append([]byte{0x03, 0xee}, "Stale Connection"...), 1002, story(`AbnormalClosure (websocket 1006 "Stale Connection")`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers := newQueue[int]()
			server := gorilla(t, websocket.Upgrader{}, func(conn *websocket.Conn, number int) {
				if number > 1 {
					echoing(conn, number)
				} else if _, _, err := conn.ReadMessage(); err == nil { // the channel is Ready
					answers.put(sendClose(conn, c.body))
				}
			})
			l := newStage(t).open(supervisor.Spec{Address: server.address()})
			l.until(messages.Ready)
			l.say(messages.Text("end it"))
			l.expectStory(messages.Ready, c.story)
			if answer, err := answers.take(l.ctx); err != nil || answer != c.answer {
				t.Errorf("the close frame was answered with %d, expected %d (%v)", answer, c.answer, err)
			}
			expectEchoes(l, 127)
		})
	}
}

func TestASocketThatIsGoneIsReplaced(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		reset bool
		story string
	}{
		"closed without a close frame": {false, `
			Backoff reason=ReadEOF attempt=1
			Ready attempt=1
			`},
		"reset": {true, `
			Backoff reason=ReadError (os 104 "connection reset by peer") attempt=1
			Ready attempt=1
			`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := gorilla(t, websocket.Upgrader{}, echoing)
			l := newStage(t).open(supervisor.Spec{Address: server.address()})
			l.until(messages.Ready)
			expectEchoes(l, 1) // the server has finished its side of the upgrade
			server.drop(c.reset)
			l.expectStory(messages.Ready, c.story)
			expectEchoes(l, 127)
		})
	}
}

func TestFiftyChannelsComeBackWhenTheirServerRestarts(t *testing.T) {
	t.Parallel()
	server := gorilla(t, websocket.Upgrader{}, echoing)
	stage := newStage(t)
	lines := make([]*line, 50)
	for i := range lines {
		lines[i] = stage.open(supervisor.Spec{
			ID: messages.ChannelID(fmt.Sprintf("channel-%d", i)), Address: server.address(),
		})
	}
	for _, l := range lines {
		l.until(messages.Ready)
	}
	server.stop()
	var queued sync.WaitGroup
	for i, l := range lines {
		l.until(messages.Backoff)
		receipt := l.send(messages.Text(fmt.Sprintf("kept for %d", i)))
		queued.Go(func() {
			ctx, cancel := l.waiting()
			defer cancel()
			_, _ = receipt.Wait(ctx)
		})
	}
	server.start()
	for _, l := range lines {
		l.until(messages.Ready)
	}
	queued.Wait()
	for i, l := range lines {
		if got, want := string(l.receive().Data), fmt.Sprintf("kept for %d", i); got != want {
			t.Errorf("%s got %q, expected %q", l, got, want)
		}
	}
}

func TestLogoutSaysGoodbyeAndStaysAway(t *testing.T) {
	t.Parallel()
	ends := newQueue[int]()
	server := gorilla(t, websocket.Upgrader{}, func(conn *websocket.Conn, _ int) { ends.put(closeCode(echo(conn))) })
	l := newStage(t).open(supervisor.Spec{Address: server.address()})
	l.until(messages.Ready)
	if err := l.Disconnect(l.ctx, messages.Logout); err != nil {
		t.Fatal(err)
	}
	l.expectStory(messages.Closed, `
		Closing reason=UserDisconnect action=Connect
		Closed reason=UserDisconnect (websocket 1000) action=Connect
		`)
	if code, err := ends.take(l.ctx); err != nil || code != 1000 {
		t.Errorf("the server heard code %d, %v", code, err)
	}
}

func TestDrainLetsTheServerHaveEverythingFirst(t *testing.T) {
	t.Parallel()
	const count = 500
	got := newQueue[[]string]()
	server := gorilla(t, websocket.Upgrader{}, func(conn *websocket.Conn, _ int) {
		var all []string
		for {
			_, data, err := conn.ReadMessage()
			if err != nil {
				got.put(append(all, fmt.Sprint(closeCode(err))))
				return
			}
			all = append(all, string(data))
		}
	})
	stage := newStage(t)
	l := stage.open(supervisor.Spec{Address: server.address()})
	want := make([]string, 0, count+1)
	for i := range count { // from before the connection is up
		l.send(messages.Text(fmt.Sprint("message ", i)))
		want = append(want, fmt.Sprint("message ", i))
	}
	l.until(messages.Ready)
	if err := stage.fleet.Drain(l.ctx); err != nil {
		t.Fatal(err)
	}
	all, err := got.take(l.ctx)
	if want = append(want, "1000"); err != nil || fmt.Sprint(all) != fmt.Sprint(want) {
		t.Errorf("the server got %q, expected %q (%v)", all, want, err)
	}
}
