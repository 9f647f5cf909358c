package peer

import (
	"context"
	"sync"

	"github.com/lesismal/nbio/logging"
	"github.com/lesismal/nbio/nbhttp"
	"github.com/lesismal/nbio/nbhttp/websocket"
)

// nbio is lesismal/nbio without blocking: one poller, which also calls the
// handlers, since they are quick and a hand-over to its pool costs more. It
// has no row with TLS: its own fork of crypto/tls fails in handshakes of many clients
// at once, on messages that it takes to be megabytes long.
type nbio struct {
	engine  *nbhttp.Engine
	options *websocket.Options

	mu    sync.Mutex
	early map[*websocket.Conn]struct{} // ended before they had a life
}

func newNBIO(c Config) (*nbio, error) {
	logging.SetLevel(logging.LevelNone)
	inline := func(f func()) { f() }
	n := &nbio{
		engine:  nbhttp.NewEngine(nbhttp.Config{ReleaseWebsocketPayload: true, ServerExecutor: inline, ClientExecutor: inline}),
		options: websocket.NewOptions(),
		early:   map[*websocket.Conn]struct{}{},
	}
	n.options.Engine = n.engine
	n.options.KeepaliveTime = 0
	if c.Heartbeat > 0 {
		n.options.KeepaliveTime = c.Heartbeat + pongWithin // after each frame
	}
	n.options.OnMessage(func(_ *websocket.Conn, _ websocket.MessageType, data []byte) { c.Received(data) })
	n.options.OnClose(n.ended)
	return n, n.engine.Start()
}

func (n *nbio) dial(_ context.Context, url string, l life) (socket, error) {
	dialer := websocket.Dialer{Engine: n.engine, Options: n.options, DialTimeout: handshakeTime}
	conn, _, err := dialer.Dial(url, nil)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	conn.SetSession(l.ended)
	if _, early := n.early[conn]; early {
		delete(n.early, conn)
		l.ended()
	}
	return nbioSocket{conn}, nil
}

func (n *nbio) ended(conn *websocket.Conn, _ error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if ended, ok := conn.Session().(func()); ok {
		ended()
		return
	}
	n.early[conn] = struct{}{}
}

func (n *nbio) close() { n.engine.Stop() }

type nbioSocket struct{ conn *websocket.Conn }

func (s nbioSocket) write(data []byte) error {
	return s.conn.WriteMessage(websocket.TextMessage, data)
}

func (s nbioSocket) ping() error { return s.conn.WriteMessage(websocket.PingMessage, nil) }
func (s nbioSocket) close()      { _ = s.conn.Close() }
