package wukongimtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

// client is a client that is not ours: it says what it is told to, and keeps what it
// hears.
type client struct {
	net.Conn
	t       testing.TB
	in      io.Reader
	web     bool
	rpc     bool
	version byte
	keys    wire.KeyPair
	cipher  *wire.Cipher
	decoder wire.Decoder
	rest    []byte // was read, and not looked at yet
	sent    uint32
	last    wire.Recv
	ack     wire.Sendack
	connack wire.Connack
}

// way is how clients reach a server.
type way struct {
	name     string
	web, rpc bool
}

var ways = []way{{"TCP", false, false}, {"WebSocket", true, false}, {"JSON-RPC over WebSocket", true, true}, {"JSON-RPC over TCP", false, true}}

// dial makes a connection that has said nothing yet.
func (w way) dial(t testing.TB, s *Server) *client {
	t.Helper()
	c, err := w.try(t, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// try is a dial that may go wrong.
func (w way) try(t testing.TB, s *Server) (*client, error) {
	keys, err := wire.NewKeyPair()
	if err != nil {
		return nil, err
	}
	c := &client{t: t, web: w.web, rpc: w.rpc, keys: keys, version: 5}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if !w.web {
		conn, err := dialer(s)(ctx, "tcp", strings.TrimPrefix(s.TCP, "tcp://"))
		c.Conn, c.in = conn, conn
		return c, err
	}
	conn, early, _, err := ws.Dialer{NetDial: dialer(s)}.Dial(ctx, s.WS+"/")
	c.Conn, c.in = conn, conn
	if early != nil {
		c.in = early
	}
	return c, err
}

// login makes a connection of that uid whose CONNECT is the usual one.
func (w way) login(t testing.TB, s *Server, uid string, change ...func(*wire.Connect)) *client {
	t.Helper()
	c := w.dial(t, s)
	c.connect(uid, change...)
	return c
}

// online is a login that is accepted.
func (w way) online(t testing.TB, s *Server, uid string, change ...func(*wire.Connect)) *client {
	t.Helper()
	c := w.login(t, s, uid, change...)
	if got := c.hear(); !strings.HasPrefix(got, "CONNACK 1") {
		t.Fatalf("%s was not let in: %s", uid, got)
	}
	return c
}

func (c *client) connect(uid string, change ...func(*wire.Connect)) {
	c.t.Helper()
	if err := c.tryConnect(uid, change...); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) tryConnect(uid string, change ...func(*wire.Connect)) error {
	p := wire.Connect{Version: 5, DeviceID: "d-" + uid, UID: uid, Token: messages.NewSecret("token-" + uid), At: time.Now().UnixMilli(), Key: c.keys.Public()}
	for _, do := range change {
		do(&p)
	}
	c.version = p.Version
	if c.rpc {
		return c.tryWrite(p.AppendJSON(nil, "c1"))
	}
	frame, err := p.Append(nil, c.version)
	if err != nil {
		return err
	}
	return c.tryWrite(frame)
}

// packet writes a packet.
func (c *client) packet(p packet) {
	c.t.Helper()
	frame, err := p.Append(nil, c.version)
	if err != nil {
		c.t.Fatal(err)
	}
	c.write(frame)
}

// write writes bytes in one piece.
func (c *client) write(data []byte) {
	c.t.Helper()
	if err := c.tryWrite(data); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) tryWrite(data []byte) error {
	if !c.web {
		_, err := c.Write(data)
		return err
	}
	op := ws.OpBinary
	if c.rpc {
		op = ws.OpText
	}
	return ws.WriteFrame(c.Conn, ws.MaskFrame(ws.NewFrame(op, true, bytes.Clone(data))))
}

// send sends a message.
func (c *client) send(to string, kind byte, text string, change ...func(*wire.Send)) {
	c.t.Helper()
	frame, err := c.sendFrame(to, kind, text, change...)
	if err != nil {
		c.t.Fatal(err)
	}
	c.write(frame)
}

func (c *client) sendFrame(to string, kind byte, text string, change ...func(*wire.Send)) ([]byte, error) {
	c.sent++
	p := wire.Send{Flags: wire.RedDot, ClientSeq: c.sent, ClientMsgNo: fmt.Sprintf("%p-%d", c, c.sent), ChannelID: to, ChannelType: kind, Payload: []byte(text)}
	for _, do := range change {
		do(&p)
	}
	switch {
	case c.rpc:
		return p.AppendJSON(nil, fmt.Sprint("s", p.ClientSeq)), nil
	case p.Setting.Has(wire.NoEncrypt):
		return p.Append(nil, c.version)
	}
	return c.cipher.AppendSend(nil, c.version, &p)
}

// acknowledge acknowledges the RECV that was heard last.
func (c *client) acknowledge() {
	c.t.Helper()
	ack := c.last.Ack()
	if c.rpc {
		c.write(ack.AppendJSON(nil))
		return
	}
	c.packet(&ack)
}

// ping asks whether anybody is there.
func (c *client) ping() {
	c.t.Helper()
	if c.rpc {
		c.write(wire.Ping{}.AppendJSON(nil, "p1"))
		return
	}
	c.packet(wire.Ping{})
}

// dialer is how the server's own HTTP client dials.
func dialer(s *Server) dialFunc { return s.api.client.Transport.(*http.Transport).DialContext }

// aWhile is how long hear waits. In a bubble that takes no time.
const aWhile = time.Second

// quiet is what hear says when nothing came.
const quiet = "quiet"

// hear is the next thing that the server says; quiet, if nothing comes for a while.
func (c *client) hear() string {
	c.t.Helper()
	return c.hearWithin(aWhile)
}

func (c *client) hearWithin(d time.Duration) string {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(d))
	for {
		said, ok := c.parse()
		if ok {
			return said
		}
		if err := c.fill(); err != nil {
			switch {
			case errors.Is(err, os.ErrDeadlineExceeded):
				return quiet
			case errors.Is(err, syscall.ECONNRESET):
				return "reset"
			case errors.Is(err, io.EOF):
				return "eof"
			}
			return err.Error()
		}
	}
}

// hears compares what comes next.
func (c *client) hears(want ...string) {
	c.t.Helper()
	for i, w := range want {
		if got := c.hear(); got != w {
			c.t.Fatalf("the client heard %q, want %q (%d of %d)", got, w, i+1, len(want))
		}
	}
}

// fill reads what is there.
func (c *client) fill() error {
	if !c.web {
		b := make([]byte, 4096)
		n, err := c.in.Read(b)
		c.rest = append(c.rest, b[:n]...)
		return err
	}
	h, err := ws.ReadHeader(c.in)
	if err != nil {
		return err
	}
	payload := make([]byte, h.Length)
	if _, err := io.ReadFull(c.in, payload); err != nil {
		return err
	}
	switch h.OpCode {
	case ws.OpClose:
		code, _ := ws.ParseCloseFrameData(payload)
		return fmt.Errorf("close %d", code)
	case ws.OpPong:
		return errors.New("websocket pong")
	}
	if text := h.OpCode == ws.OpText; text != c.rpc {
		return fmt.Errorf("a message with opcode %d", h.OpCode)
	}
	c.rest = append(c.rest, payload...)
	return nil
}

// parse is the first thing in what was read.
func (c *client) parse() (said string, ok bool) {
	if c.rpc {
		text, rest, err := cut(c.rest)
		if text == nil || err != nil {
			return fmt.Sprint(err), err != nil
		}
		c.rest = bytes.Clone(rest)
		return c.call(text), true
	}
	f, rest, ok, err := c.decoder.Next(c.rest)
	c.rest = bytes.Clone(rest)
	if err != nil {
		return err.Error(), true
	}
	if !ok {
		return "", false
	}
	return c.frame(f), true
}

func (c *client) frame(f wire.Frame) string {
	var err error
	switch f.Type {
	case wire.TypeConnack:
		if c.connack, err = f.Connack(); err == nil {
			if c.connack.ServerVersion != 0 {
				c.version = c.connack.ServerVersion
			}
			c.cipher, err = c.keys.Agree(c.connack.Key, c.connack.Salt)
		}
		if err == nil {
			return fmt.Sprintf("CONNACK %d v%d", c.connack.Reason, c.connack.ServerVersion)
		}
	case wire.TypeSendack:
		if c.ack, err = f.Sendack(c.version); err == nil {
			return c.acked()
		}
	case wire.TypeRecv:
		if c.last, err = f.Recv(c.version); err == nil {
			if c.last.Payload, err = c.cipher.OpenRecv(&c.last); err == nil {
				return c.received()
			}
		}
	case wire.TypeDisconnect:
		var p wire.Disconnect
		if p, err = f.Disconnect(); err == nil {
			return fmt.Sprintf("DISCONNECT %d %q", p.Reason, p.Text)
		}
	case wire.TypePong:
		return "PONG"
	}
	switch {
	case errors.Is(err, wire.ErrForged):
		return "forged"
	case errors.Is(err, wire.ErrGarbled):
		return "garbled"
	}
	return fmt.Sprintf("%s %v", f.Type, err)
}

func (c *client) acked() string {
	return fmt.Sprintf("SENDACK %d seq=%d%s", c.ack.Reason, c.ack.MessageSeq, flagNames(c.ack.Flags))
}

func (c *client) received() string {
	p := c.last
	return fmt.Sprintf("RECV %s/%d seq=%d from=%s %s", p.ChannelID, p.ChannelType, p.MessageSeq, p.FromUID, describe(p.Payload, p.Flags))
}

func (c *client) call(text []byte) string {
	call, err := wire.ParseCall(text)
	if err != nil {
		return err.Error()
	}
	switch {
	case call.Fault != nil:
		return fmt.Sprintf("error %s %d %s", call.ID, call.Fault.Code, call.Fault.Message)
	case call.Pong():
		return "PONG"
	case call.Method == wire.MethodRecv:
		if c.last, err = call.Recv(); err == nil {
			return c.received()
		}
	case call.Method == wire.MethodDisconnect:
		p, err := call.Disconnect()
		if err == nil {
			return fmt.Sprintf("DISCONNECT %d %q", p.Reason, p.Text)
		}
	case strings.HasPrefix(call.ID, "c"):
		if c.connack, err = call.Connack(); err == nil {
			return fmt.Sprintf("CONNACK %d v%d", c.connack.Reason, c.connack.ServerVersion)
		}
	case strings.HasPrefix(call.ID, "s"):
		if c.ack, err = call.Sendack(); err == nil {
			return c.acked()
		}
	}
	return fmt.Sprintf("%s %v", text, err)
}
