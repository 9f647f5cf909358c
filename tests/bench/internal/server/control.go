package server

import (
	"context"
	"fmt"
	"net"
	"net/rpc"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"
)

// Size is how long a measured message is, in bytes.
const Size = 128

// writers is how many goroutines write a burst.
const writers = 2

// Control is what a client may ask of the server.
type Control struct{ server *server }

// Burst asks for messages of [Size] to at most Conns connections, in turn, Batch
// of them in one write, for a time.
type Burst struct {
	Conns, Batch int
	For          time.Duration
}

// Burst writes, and says how many messages there were.
func (c *Control) Burst(b Burst, count *int64) error {
	frame := ws.MustCompileFrame(ws.NewTextFrame([]byte(strings.Repeat("x", Size))))
	piece := slices.Repeat(frame, b.Batch)
	all := c.server.all(b.Conns)
	if len(all) == 0 {
		return fmt.Errorf("nobody is connected")
	}
	until := time.Now().Add(b.For)
	var written atomic.Int64
	var lost atomic.Pointer[error]
	var writing sync.WaitGroup
	for part := range slices.Chunk(all, (len(all)+writers-1)/writers) {
		writing.Go(func() {
			for time.Now().Before(until) {
				for _, conn := range part {
					if _, err := conn.Write(piece); err != nil {
						lost.Store(&err)
						return
					}
				}
				written.Add(int64(len(part) * b.Batch))
			}
		})
	}
	writing.Wait()
	*count = written.Load()
	if err := lost.Load(); err != nil {
		return fmt.Errorf("a connection was lost: %w", *err)
	}
	return nil
}

// Received waits until so many messages have come since the server began.
func (c *Control) Received(least int64, count *int64) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := c.server.received.Await(ctx, least)
	*count = c.server.received.Now()
	return err
}

// Pings says how many pings have come since the server began.
func (c *Control) Pings(_ int, count *int64) error {
	*count = c.server.pings.Now()
	return nil
}

// all gives at most so many connections.
func (s *server) all(most int) []net.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]net.Conn, 0, len(s.conns))
	for conn := range s.conns {
		all = append(all, conn)
	}
	return all[:min(most, len(all))]
}

// Remote is the server as the client's process sees it.
type Remote struct{ client *rpc.Client }

// Dial reaches the control of a server.
func Dial(addr string) (*Remote, error) {
	client, err := rpc.Dial("tcp", addr)
	return &Remote{client}, err
}

// Ask calls one of the methods of [Control] and returns the number that it
// answers. It blocks until then, or until ctx ends.
func (r *Remote) Ask(ctx context.Context, method string, what any) (count int64, err error) {
	call := r.client.Go("Server."+method, what, &count, make(chan *rpc.Call, 1))
	select {
	case <-call.Done:
		if call.Error != nil {
			return 0, fmt.Errorf("the server, asked for %s: %w", method, call.Error)
		}
		return count, nil
	case <-ctx.Done():
		return 0, fmt.Errorf("the server, asked for %s: %w", method, ctx.Err())
	}
}
