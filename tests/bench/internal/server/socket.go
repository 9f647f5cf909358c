package server

import (
	"bufio"
	"io"
	"net"
	"time"

	"github.com/gobwas/ws"
)

// handshakeTime bounds the upgrade, and TLS before it.
const handshakeTime = 10 * time.Second

// socket reads until the connection ends.
func (s *server) socket(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(handshakeTime))
	if _, err := (ws.Upgrader{}).Upgrade(conn); err != nil {
		return
	}
	_ = conn.SetDeadline(time.Time{})
	s.mu.Lock()
	s.conns[conn] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.conns, conn)
		s.mu.Unlock()
	}()
	from := bufio.NewReader(conn)
	for s.frame(from, conn) == nil {
	}
}

// frame takes one frame. Each answer is one write, so that those of a burst can
// come between them and not into them.
func (s *server) frame(from *bufio.Reader, conn net.Conn) error {
	header, err := ws.ReadHeader(from)
	if err != nil {
		return err
	}
	switch {
	case header.OpCode == ws.OpPing:
		s.pings.Add(1)
		return answer(from, conn, ws.OpPong, header)
	case header.OpCode == ws.OpClose:
		_ = answer(from, conn, ws.OpClose, header)
		return io.EOF
	case header.OpCode.IsData():
		defer s.received.Add(1)
		if s.echo {
			return answer(from, conn, header.OpCode, header)
		}
	}
	_, err = from.Discard(int(header.Length))
	return err
}

// answer sends the payload back.
func answer(from *bufio.Reader, conn net.Conn, op ws.OpCode, header ws.Header) error {
	payload := make([]byte, header.Length)
	if _, err := io.ReadFull(from, payload); err != nil {
		return err
	}
	ws.Cipher(payload, header.Mask, 0)
	_, err := conn.Write(ws.MustCompileFrame(ws.NewFrame(op, true, payload)))
	return err
}
