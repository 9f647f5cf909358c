package peer

import (
	"bufio"
	"cmp"
	"context"
	"io"
	"net"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// gobwas is gobwas/ws the fast way: one goroutine for each connection, a reader
// over 4 KiB of bufio that is used again and again, one payload that grows, and
// frames that leave in one write.
type gobwas struct{ dialer ws.Dialer }

func newGobwas(c Config) *gobwas {
	return &gobwas{ws.Dialer{TLSConfig: c.TLS}}
}

func (g *gobwas) dial(ctx context.Context, url string, l life) (socket, error) {
	conn, early, _, err := g.dialer.Dial(ctx, url)
	if err != nil {
		return nil, err
	}
	if l.silence > 0 {
		_ = conn.SetReadDeadline(l.deadline())
	}
	go func() {
		defer l.ended()
		defer func() { _ = conn.Close() }()
		read(conn, cmp.Or(early, bufio.NewReader(conn)), l)
	}()
	return gobwasSocket{conn}, nil
}

// read reads until the connection ends.
func read(conn net.Conn, from io.Reader, l life) {
	reader := wsutil.Reader{Source: from, State: ws.StateClientSide, CheckUTF8: true}
	var payload []byte
	for {
		header, err := reader.NextFrame()
		if err != nil {
			return
		}
		payload = append(payload[:0], make([]byte, header.Length)...)
		if _, err := io.ReadFull(&reader, payload); err != nil {
			return
		}
		switch header.OpCode {
		case ws.OpPong:
			if l.silence > 0 {
				_ = conn.SetReadDeadline(l.deadline())
			}
		case ws.OpPing:
			_ = send(conn, ws.NewPongFrame(payload))
		case ws.OpClose:
			return
		default:
			l.received(payload)
		}
	}
}

func (g *gobwas) close() {}

type gobwasSocket struct{ conn net.Conn }

func (s gobwasSocket) write(data []byte) error { return send(s.conn, ws.NewTextFrame(data)) }
func (s gobwasSocket) ping() error             { return send(s.conn, ws.NewPingFrame(nil)) }
func (s gobwasSocket) close()                  { _ = s.conn.Close() }

func send(conn net.Conn, f ws.Frame) error {
	_, err := conn.Write(ws.MustCompileFrame(ws.MaskFrame(f)))
	return err
}
