package interop

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport"
)

// natsServer starts an embedded nats-server with a WebSocket listener at the
// address. It ends with the test.
func natsServer(t *testing.T, addr string, change func(*server.Options)) *server.Server {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	options := &server.Options{
		ServerName: "interop", Host: host, Port: server.RANDOM_PORT, NoLog: true, NoSigs: true,
		Websocket: server.WebsocketOpts{Host: host, Port: number, NoTLS: true},
	}
	if change != nil {
		change(options)
	}
	s, err := server.NewServer(options)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { shutDown(s) })
	if !s.ReadyForConnections(patience) {
		t.Fatal("nats-server does not listen")
	}
	return s
}

func shutDown(s *server.Server) {
	s.Shutdown()
	s.WaitForShutdown()
}

// heard waits for the next message whose subject begins so: the server sends its
// INFO whenever it likes.
func (l *line) heard(subject string) messages.Received {
	l.t.Helper()
	for {
		if m := l.receive(); strings.HasPrefix(m.Type, subject) {
			return m
		}
	}
}

// together holds the answer to the upgrade back until the server's first line
// has come too, so that both arrive in one read, as they do over a network that
// merges them.
type together struct {
	net.Conn
	held *bytes.Buffer // nil: nothing is held back any more
}

func dialTogether(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return &together{conn, &bytes.Buffer{}}, nil
}

func (c *together) Read(b []byte) (int, error) {
	if c.held == nil {
		return c.Conn.Read(b)
	}
	for !bytes.Contains(c.held.Bytes(), []byte("INFO {")) || !bytes.HasSuffix(c.held.Bytes(), []byte("\r\n")) {
		piece := make([]byte, 4096)
		n, err := c.Conn.Read(piece)
		c.held.Write(piece[:n])
		if err != nil {
			return 0, err
		}
	}
	n, err := c.held.Read(b)
	if c.held.Len() == 0 {
		c.held = nil
	}
	return n, err
}

func TestNatsInfoThatComesWithTheUpgradeReachesTheHandler(t *testing.T) {
	t.Parallel()
	addr := quietAddress(t)
	natsServer(t, addr, nil)
	l := newStage(t).open(supervisor.Spec{
		Address: transport.Static("ws://" + addr), Protocol: natsLines{},
		Dialer: &transport.WebSocket{NetDial: dialTogether},
	})
	if m := l.receive(); m.Type != "INFO" || !strings.Contains(string(m.Data), `"server_name":"interop"`) {
		t.Errorf("the first message is %s %s", m.Type, m.Data)
	}
	l.until(messages.Ready)
}

func TestNatsSessionPublishesAndReceives(t *testing.T) {
	t.Parallel()
	for name, compressed := range map[string]bool{"plain": false, "permessage-deflate": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := quietAddress(t)
			natsServer(t, addr, func(o *server.Options) { o.Websocket.Compression = compressed })
			stage := newStage(t, supervisor.WithDialer(&transport.WebSocket{Compression: compressed}))
			address := transport.Static("ws://" + addr)
			reader := stage.open(supervisor.Spec{ID: "reader", Address: address, Protocol: natsLines{subjects: []string{"room.*"}}})
			writer := stage.open(supervisor.Spec{ID: "writer", Address: address, Protocol: natsLines{}})
			reader.until(messages.Ready)
			writer.until(messages.Ready)
			var sent []messages.Message
			for i := range 200 {
				text := strings.Repeat(fmt.Sprintf("line %d\r\n", i), 1+i) // grows above what compression begins at
				sent = append(sent, messages.Text(text).Typed(fmt.Sprintf("room.%d", i%3)))
				writer.send(sent[i])
			}
			for i, want := range sent {
				if got := reader.heard("room."); got.Type != want.Type || !bytes.Equal(got.Data, want.Data) {
					t.Fatalf("message %d is %s with %d bytes, expected %s with %d", i, got.Type, len(got.Data), want.Type, len(want.Data))
				}
			}
			if rtt := reader.ping(); rtt <= 0 {
				t.Errorf("the round-trip time of PING and PONG is %s", rtt)
			}
		})
	}
}

// nats-server asks first after two seconds at most; the second question that is
// not answered ends the connection.
func TestNatsDropsAClientThatDoesNotAnswerAndTakesItBack(t *testing.T) {
	t.Parallel()
	addr := quietAddress(t)
	natsServer(t, addr, func(o *server.Options) {
		o.Websocket.PingInterval = 300 * time.Millisecond
		o.MaxPingsOut = 1
	})
	stage := newStage(t)
	address := transport.Static("ws://" + addr)
	polite := stage.open(supervisor.Spec{ID: "polite", Address: address, Protocol: natsLines{}})
	polite.until(messages.Ready)
	mute := stage.open(supervisor.Spec{ID: "mute", Address: address, Protocol: natsLines{mute: true}})
	mute.until(messages.Ready)
	mute.expectStory(messages.Ready, `
		Backoff reason=PeerClose (websocket 1001 "Stale Connection") attempt=1
		Ready attempt=1
		`)
	if now := polite.Snapshot(); now.Status != messages.Ready || now.Epoch != 1 {
		t.Errorf("the channel that answers is %s in epoch %d", now.Status, now.Epoch)
	}
}

func TestNatsShutsDownAndComesBack(t *testing.T) {
	t.Parallel()
	for name, shutdown := range map[string]func(*server.Server){
		"shutdown":  shutDown,
		"lame duck": func(s *server.Server) { s.LameDuckShutdown(); s.WaitForShutdown() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := quietAddress(t)
			quick := func(o *server.Options) {
				o.LameDuckGracePeriod, o.LameDuckDuration = 10*time.Millisecond, 20*time.Millisecond
			}
			first := natsServer(t, addr, quick)
			l := newStage(t).open(supervisor.Spec{
				Address: transport.Static("ws://" + addr), Protocol: natsLines{subjects: []string{"room"}},
			})
			l.until(messages.Ready)
			shutdown(first)
			if ended := l.until(messages.Backoff); ended.Reason.Wire != (messages.Wire{Scheme: "websocket", Code: 1001, Text: "Server Shutdown"}) {
				t.Errorf("it ended with %s", ended.Reason)
			}
			natsServer(t, addr, quick)
			l.until(messages.Ready)
			l.say(messages.Text("hello again").Typed("room"))
			if got := string(l.heard("room").Data); got != "hello again" {
				t.Errorf("received %q", got)
			}
		})
	}
}
