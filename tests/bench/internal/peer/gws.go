package peer

import (
	"context"
	"crypto/tls"

	"github.com/lxzan/gws"
)

// gwsLibrary is lxzan/gws as it comes: a reading buffer of 4 KiB, which is what
// its throughput stands on, no parallel handlers, and no map of values that nobody
// stores.
type gwsLibrary struct{ tls *tls.Config }

func newGWS(c Config) *gwsLibrary { return &gwsLibrary{c.TLS} }

func (g *gwsLibrary) dial(_ context.Context, url string, l life) (socket, error) {
	s := &gwsSocket{life: l}
	conn, _, err := gws.NewClient(s, &gws.ClientOption{
		Addr: url, TlsConfig: g.tls, HandshakeTimeout: handshakeTime,
		NewSession: func() gws.SessionStorage { return nil },
	})
	if err != nil {
		return nil, err
	}
	s.conn = conn
	if l.silence > 0 {
		_ = conn.SetReadDeadline(l.deadline())
	}
	go conn.ReadLoop()
	return s, nil
}

func (g *gwsLibrary) close() {}

// gwsSocket is the library's handler, too.
type gwsSocket struct {
	gws.BuiltinEventHandler
	conn *gws.Conn
	life life
}

// OnMessage gives the buffer back to the library's pool.
func (s *gwsSocket) OnMessage(_ *gws.Conn, m *gws.Message) {
	s.life.received(m.Bytes())
	_ = m.Close()
}

// OnPong moves the deadline.
func (s *gwsSocket) OnPong(conn *gws.Conn, _ []byte) {
	if s.life.silence > 0 {
		_ = conn.SetReadDeadline(s.life.deadline())
	}
}

// OnClose is the end.
func (s *gwsSocket) OnClose(*gws.Conn, error) { s.life.ended() }

func (s *gwsSocket) write(data []byte) error { return s.conn.WriteMessage(gws.OpcodeText, data) }
func (s *gwsSocket) ping() error             { return s.conn.WritePing(nil) }
func (s *gwsSocket) close()                  { _ = s.conn.NetConn().Close() }
