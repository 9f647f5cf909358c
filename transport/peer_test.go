package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"github.com/seed14814784/holdfast/messages"
)

// serve runs a server on loopback that gives each connection to serve, and
// returns its address. The test waits for all of it.
func serve(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			handle(conn)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-done })
	return listener.Addr().String()
}

// echo upgrades and sends every message back, until a close frame.
func echo(conn net.Conn) {
	if _, err := ws.Upgrade(conn); err != nil {
		return
	}
	for {
		data, op, err := wsutil.ReadClientData(conn)
		if err != nil {
			return
		}
		if err := wsutil.WriteServerMessage(conn, op, data); err != nil {
			return
		}
	}
}

// readFrame reads one frame of a client.
func readFrame(r io.Reader) (ws.Frame, error) {
	header, err := ws.ReadHeader(r)
	if err != nil {
		return ws.Frame{}, err
	}
	payload := make([]byte, header.Length)
	_, err = io.ReadFull(r, payload)
	return ws.Frame{Header: header, Payload: payload}, err
}

// user drives a Conn as the connection actor does, and waits where the actor
// would be told.
type user struct {
	conn Conn
	bell chan struct{}
}

func use(t *testing.T, c Conn, last ...func()) *user {
	t.Helper()
	u := &user{conn: c, bell: make(chan struct{}, 1)}
	c.Watch(ring(u.bell, last...))
	t.Cleanup(u.abort)
	return u
}

// read waits for the next frame or the ending.
func (u *user) read() (Frame, error) {
	for {
		frame, err := u.conn.Read()
		if !errors.Is(err, ErrWouldBlock) {
			return frame, err
		}
		<-u.bell
	}
}

// wrote waits until n frames are written.
func (u *user) wrote(n uint64) {
	for u.conn.Written() < n {
		<-u.bell
	}
}

func (u *user) abort() {
	done := make(chan struct{})
	u.conn.Abort(func() { close(done) })
	<-done
}

func dial(t *testing.T, dialer Dialer, target Target) (Conn, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	return dialer.Dial(ctx, target)
}

func TestDialEchoClose(t *testing.T) {
	addr := serve(t, echo)
	c, err := dial(t, &WebSocket{}, Target{URL: "ws://" + addr, Header: http.Header{"X-A": {"b"}}})
	if err != nil {
		t.Fatal(err)
	}
	u := use(t, c)
	for _, frame := range []Frame{{FrameText, []byte("hello")}, {FrameBinary, make([]byte, 100_000)}, {FramePing, []byte("x")}} {
		if err := c.Write(frame); err != nil {
			t.Fatal(err)
		}
		got, err := u.read()
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Data) != len(frame.Data) {
			t.Fatalf("got %v of %d bytes", got.Kind, len(got.Data))
		}
	}
	u.wrote(3)
	if err := c.Close(1000, "bye"); err != nil {
		t.Fatal(err)
	}
	_, err = u.read()
	reason, ok := messages.ReasonOf(err)
	if !ok || reason.Code != messages.ReasonPeerClose || reason.Wire.Code != 1000 {
		t.Fatal(err)
	}
}

// ring is a notify that rings a bell, and does more.
func ring(bell chan struct{}, last ...func()) func() func() {
	return func() func() {
		select {
		case bell <- struct{}{}:
		default:
		}
		for _, f := range last {
			f()
		}
		return nil
	}
}
