package peer

import (
	"context"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// gorilla is gorilla/websocket as it comes: buffers of 4 KiB for reading and for
// writing.
type gorilla struct{ dialer websocket.Dialer }

func newGorilla(c Config) *gorilla {
	return &gorilla{websocket.Dialer{HandshakeTimeout: handshakeTime, TLSClientConfig: c.TLS}}
}

// tuned has a smaller buffer for reading, and takes those for writing from a pool
// when it writes.
func (g *gorilla) tuned() *gorilla {
	g.dialer.ReadBufferSize = 1024
	g.dialer.WriteBufferPool = &sync.Pool{}
	return g
}

func (g *gorilla) dial(ctx context.Context, url string, l life) (socket, error) {
	conn, _, err := g.dialer.DialContext(ctx, url, nil)
	if err != nil {
		return nil, err
	}
	if l.silence > 0 {
		_ = conn.SetReadDeadline(l.deadline())
		conn.SetPongHandler(func(string) error { return conn.SetReadDeadline(l.deadline()) })
	}
	go func() {
		defer l.ended()
		defer func() { _ = conn.Close() }()
		for {
			_, data, err := conn.ReadMessage()
			if err != nil {
				return
			}
			l.received(data)
		}
	}()
	return gorillaSocket{conn}, nil
}

func (g *gorilla) close() {}

type gorillaSocket struct{ conn *websocket.Conn }

func (s gorillaSocket) write(data []byte) error {
	return s.conn.WriteMessage(websocket.TextMessage, data)
}

func (s gorillaSocket) ping() error {
	return s.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(pongWithin))
}

func (s gorillaSocket) close() { _ = s.conn.Close() }
