package wstest

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"

	"github.com/gobwas/ws"
)

// client is a plain WebSocket client, and not ours.
type client struct {
	net.Conn
	t      *testing.T
	reader io.Reader
}

type netDial func(ctx context.Context, network, addr string) (net.Conn, error)

func try(ctx context.Context, url string, dial netDial, config *tls.Config) (net.Conn, *bufio.Reader, error) {
	conn, reader, _, err := ws.Dialer{NetDial: dial, TLSConfig: config}.Dial(ctx, url)
	return conn, reader, err
}

func connect(t *testing.T, url string, dial netDial, config *tls.Config) *client {
	t.Helper()
	conn, reader, err := try(t.Context(), url, dial, config)
	if err != nil {
		t.Fatal(err)
	}
	c := &client{Conn: conn, t: t, reader: conn}
	if reader != nil {
		c.reader = reader
	}
	t.Cleanup(func() { _ = conn.Close() })
	return c
}

// send sends a frame, masked as it must be.
func (c *client) send(op ws.OpCode, payload string) {
	c.t.Helper()
	if err := ws.WriteFrame(c, ws.MaskFrame(ws.NewFrame(op, true, []byte(payload)))); err != nil {
		c.t.Fatal(err)
	}
}

// frame reads the next frame. Its peer is this package, so its length is no
// danger.
func (c *client) frame() (f ws.Frame, err error) {
	if f.Header, err = ws.ReadHeader(c.reader); err != nil {
		return f, err
	}
	f.Payload = make([]byte, f.Header.Length)
	_, err = io.ReadFull(c.reader, f.Payload)
	return f, err
}

// see is the next frame as a transcript shows it, or how the connection ended.
func (c *client) see() string {
	f, err := c.frame()
	switch {
	case errors.Is(err, syscall.ECONNRESET):
		return "reset"
	case errors.Is(err, io.EOF):
		return "eof"
	case err != nil:
		return err.Error()
	case f.Header.OpCode == ws.OpClose:
		return closing(f.Payload)
	}
	return Frame{Op: byte(f.Header.OpCode), Data: f.Payload}.String()
}

// sees compares what comes next.
func (c *client) sees(want ...string) {
	c.t.Helper()
	for _, w := range want {
		if got := c.see(); got != w {
			c.t.Fatalf("the client saw %s, want %s", got, w)
		}
	}
}
