package interop

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport"
)

// coder is a server over coder/websocket that gives each connection, with its
// number from 1, to serve. The context ends with the test's patience.
func coder(t *testing.T, options websocket.AcceptOptions, serve func(ctx context.Context, conn *websocket.Conn, number int)) *venue {
	t.Helper()
	numbers := make(chan int, 1)
	numbers <- 1
	return newVenue(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, &options)
		if err != nil {
			return // it has answered with what was wrong
		}
		defer conn.CloseNow()
		number := <-numbers
		numbers <- number + 1
		ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
		defer cancel()
		serve(ctx, conn, number)
	}))
}

// echoCoder sends back what comes, until the connection ends, and returns how
// it did.
func echoCoder(ctx context.Context, conn *websocket.Conn, _ int) error {
	for {
		kind, data, err := conn.Read(ctx)
		if err != nil {
			return err
		}
		if err := conn.Write(ctx, kind, data); err != nil {
			return err
		}
	}
}

func echoingCoder(ctx context.Context, conn *websocket.Conn, number int) {
	conn.SetReadLimit(-1)
	_ = echoCoder(ctx, conn, number)
}

func TestCoderEchoesEverySizeInEveryModeOfCompression(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]websocket.CompressionMode{
		"plain":                     websocket.CompressionDisabled,
		"without context takeover":  websocket.CompressionNoContextTakeover,
		"takeover, if we had asked": websocket.CompressionContextTakeover,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := coder(t, websocket.AcceptOptions{CompressionMode: mode, CompressionThreshold: 1}, echoingCoder)
			witness := newWitness()
			l := newStage(t).open(supervisor.Spec{
				Address: server.address(), Protocol: witness,
				Dialer: &transport.WebSocket{Compression: true},
			})
			expectEchoes(l, 1<<20)
			info, err := witness.agreed(l.ctx)
			if want := mode != websocket.CompressionDisabled; err != nil || info.Compressed != want {
				t.Errorf("compressed is %t, expected %t (%v)", info.Compressed, want, err)
			}
		})
	}
}

func TestCoderClosesWithAHandshakeThatCompletes(t *testing.T) {
	t.Parallel()
	closed := newQueue[error]()
	server := coder(t, websocket.AcceptOptions{}, func(ctx context.Context, conn *websocket.Conn, number int) {
		if number > 1 {
			echoingCoder(ctx, conn, number)
		} else if _, _, err := conn.Read(ctx); err == nil { // the channel is Ready
			closed.put(conn.Close(websocket.StatusTryAgainLater, "rebalancing"))
		}
	})
	l := newStage(t).open(supervisor.Spec{Address: server.address()})
	l.until(messages.Ready)
	l.say(messages.Text("end it"))
	l.expectStory(messages.Ready, `
		Backoff reason=PeerClose (websocket 1013 "rebalancing") attempt=1
		Ready attempt=1
		`)
	if err, late := closed.take(l.ctx); err != nil || late != nil {
		t.Errorf("the server's closing handshake ended with %v (%v)", err, late)
	}
}

func TestCoderThatVanishesIsReplaced(t *testing.T) {
	t.Parallel()
	server := coder(t, websocket.AcceptOptions{}, func(ctx context.Context, conn *websocket.Conn, number int) {
		if number > 1 {
			echoingCoder(ctx, conn, number)
		} else if _, _, err := conn.Read(ctx); err == nil {
			_ = conn.CloseNow()
		}
	})
	l := newStage(t).open(supervisor.Spec{Address: server.address()})
	l.until(messages.Ready)
	l.say(messages.Text("end it"))
	l.expectStory(messages.Ready, `
		Backoff reason=ReadEOF attempt=1
		Ready attempt=1
		`)
}

// Whether the whole message was handed to the system before the server's close
// arrived is a race that the server decides. Both ends of it are an outcome, and
// neither is tried again.
func TestCoderRefusesAMessageThatIsTooBigForIt(t *testing.T) {
	t.Parallel()
	connections := newQueue[int]()
	server := coder(t, websocket.AcceptOptions{}, func(ctx context.Context, conn *websocket.Conn, number int) {
		connections.put(number)
		_ = echoCoder(ctx, conn, number) // its limit is 32 KiB
	})
	l := newStage(t).open(supervisor.Spec{Address: server.address()})
	l.until(messages.Ready)
	receipt := l.send(messages.Text(strings.Repeat("x", 1<<16)))
	if ended := l.until(messages.Backoff); ended.Reason.Code != messages.ReasonPeerClose || ended.Reason.Wire.Code != 1009 {
		t.Errorf("it ended with %s", ended.Reason)
	}
	l.until(messages.Ready)
	outcome, err := receipt.Wait(l.ctx)
	if err != nil {
		t.Fatalf("no outcome: %v", err)
	}
	rejected := outcome.Result == messages.ResultRejected && outcome.Reason.Code == messages.ReasonTooLarge
	if outcome.Result != messages.ResultWritten && !rejected {
		t.Errorf("it ended as %s because of %s", outcome.Result, outcome.Reason)
	}
	l.send(messages.Text("small"))
	if echo := l.receive(); string(echo.Data) != "small" {
		t.Errorf("the echo has %d bytes", len(echo.Data))
	}
	if all := connections.all(); len(all) != 2 {
		t.Errorf("it cost the connections %v", all)
	}
}

func TestPingsGoBothWaysWithCoder(t *testing.T) {
	t.Parallel()
	pinged := newQueue[error]()
	server := coder(t, websocket.AcceptOptions{}, func(ctx context.Context, conn *websocket.Conn, _ int) {
		reading := conn.CloseRead(ctx)
		pinged.put(conn.Ping(reading))
		<-reading.Done()
	})
	l := newStage(t).open(supervisor.Spec{Address: server.address()})
	l.until(messages.Ready)
	if err, late := pinged.take(l.ctx); err != nil || late != nil {
		t.Errorf("the server's ping ended with %v (%v)", err, late)
	}
	if rtt := l.ping(); rtt <= 0 || rtt != l.Snapshot().RTT {
		t.Errorf("the round-trip time is %s, the snapshot says %s", rtt, l.Snapshot().RTT)
	}
}

func TestSubprotocolsAreNegotiatedWithCoder(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		offered []string
		agreed  string
	}{
		"the server takes what it knows": {[]string{"v3.chat", "v2.chat"}, "v2.chat"},
		"it knows none of them":          {[]string{"v9.chat"}, ""},
		"nothing is offered":             {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := coder(t, websocket.AcceptOptions{Subprotocols: []string{"v1.chat", "v2.chat"}},
				func(ctx context.Context, conn *websocket.Conn, number int) {
					_ = conn.Write(ctx, websocket.MessageText, []byte("we speak "+conn.Subprotocol()))
					echoingCoder(ctx, conn, number)
				})
			witness := newWitness()
			l := newStage(t).open(supervisor.Spec{
				Address: server.address(), Protocol: witness,
				Dialer: &transport.WebSocket{Subprotocols: c.offered},
			})
			if got := string(l.receive().Data); got != "we speak "+c.agreed {
				t.Errorf("the server says %q", got)
			}
			if info, err := witness.agreed(l.ctx); err != nil || info.Subprotocol != c.agreed {
				t.Errorf("we say %q (%v)", info.Subprotocol, err)
			}
		})
	}
}

// The server hears the close code of a channel that is closed politely, and the
// end of the stream of one that is not.
func TestCoderHearsHowAChannelLeaves(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		leave func(*line) error
		code  websocket.StatusCode
	}{
		"logout": {func(l *line) error {
			err := l.Disconnect(l.ctx, messages.Logout)
			_, late := l.Wait(l.ctx, messages.Closed)
			return errors.Join(err, late)
		}, websocket.StatusNormalClosure},
		"drain":       {func(l *line) error { return l.Drain(l.ctx) }, websocket.StatusNormalClosure},
		"rude close":  {func(l *line) error { return l.Close(l.ctx) }, websocket.StatusGoingAway},
		"fleet close": {func(l *line) error { return nil }, websocket.StatusGoingAway},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ends := newQueue[error]()
			server := coder(t, websocket.AcceptOptions{}, func(ctx context.Context, conn *websocket.Conn, number int) {
				ends.put(echoCoder(ctx, conn, number))
			})
			stage := newStage(t)
			l := stage.open(supervisor.Spec{Address: server.address()})
			l.until(messages.Ready)
			expectEchoes(l, 1)
			if err := errors.Join(c.leave(l), stage.fleet.Close(l.ctx)); err != nil {
				t.Fatal(err)
			}
			if end, late := ends.take(l.ctx); websocket.CloseStatus(end) != c.code {
				t.Errorf("the server heard %v (%v)", end, late)
			}
		})
	}
}
