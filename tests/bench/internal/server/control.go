package server

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
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
// of them in one write, for a time. On average one such write is under way to each
// connection, as far as Taken tells: a client that lags would else find many
// together, and be paid for its lag with fewer reads.
type Burst struct {
	Conns, Batch int
	For          time.Duration
}

// Burst writes, and says how many messages there were.
func (c *Control) Burst(b Burst, count *int64) error {
	frame := ws.MustCompileFrame(ws.NewTextFrame([]byte(strings.Repeat("x", Size))))
	all := c.server.all(b.Conns)
	if len(all) == 0 {
		return errors.New("nobody is connected")
	}
	w := &burst{Burst: b, piece: slices.Repeat(frame, b.Batch), taken: c.server.taken, until: time.Now().Add(b.For)}
	w.window = int64(b.Batch*len(all)) - w.taken.Now()
	errs := make([]error, writers)
	var writing sync.WaitGroup
	for i := range writers {
		writing.Go(func() { errs[i] = w.write(all[i*len(all)/writers : (i+1)*len(all)/writers]) })
	}
	writing.Wait()
	*count = w.sent.Load()
	return errors.Join(errs...)
}

// Taken says that so many messages more were handled.
func (c *Control) Taken(count int64, _ *int64) error {
	c.server.taken.Add(count)
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
