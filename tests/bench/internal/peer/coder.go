package peer

import (
	"context"
	"net/http"

	"github.com/coder/websocket"
)

// coder is coder/websocket as it comes; its buffers cannot be chosen. The client
// beneath it is net/http's, without what plain sockets do not need.
type coder struct{ options websocket.DialOptions }

func newCoder(c Config) *coder {
	transport := &http.Transport{TLSClientConfig: c.TLS, MaxIdleConnsPerHost: -1}
	return &coder{websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}}}
}

func (c *coder) dial(ctx context.Context, url string, l life) (socket, error) {
	conn, _, err := websocket.Dial(ctx, url, &c.options)
	if err != nil {
		return nil, err
	}
	go func() {
		defer l.ended()
		defer func() { _ = conn.CloseNow() }()
		for {
			_, data, err := conn.Read(context.Background())
			if err != nil {
				return
			}
			l.received(data)
		}
	}()
	return coderSocket{conn}, nil
}

func (c *coder) close() {}

type coderSocket struct{ conn *websocket.Conn }

func (s coderSocket) write(data []byte) error {
	return s.conn.Write(context.Background(), websocket.MessageText, data)
}

// ping waits for the pong: a read deadline of its own is nothing that this library
// has.
func (s coderSocket) ping() error {
	ctx, cancel := context.WithTimeout(context.Background(), pongWithin)
	defer cancel()
	return s.conn.Ping(ctx)
}

func (s coderSocket) close() { _ = s.conn.CloseNow() }
