package peer

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

// library is a WebSocket library.
type library interface {
	// dial connects, and has the connection read until it ends.
	dial(ctx context.Context, url string, l life) (socket, error)
	close()
}

// life is what becomes of one connection.
type life struct {
	received func(data []byte)
	ended    func()        // once
	silence  time.Duration // a read deadline that pongs move; 0: none
}

// deadline is when a peer that stays silent counts as dead.
func (l life) deadline() time.Time {
	if l.silence == 0 {
		return time.Time{}
	}
	return time.Now().Add(l.silence)
}

// socket is one connection of a library. Pings may come while a message is
// written; messages come one at a time.
type socket interface {
	write(data []byte) error
	ping() error
	close()
}

// loops is what a careful program writes around a library: dials that are bounded
// when it starts, a ticker that pings for each connection, and dialling again with
// backoff and jitter for each that was lost.
type loops struct {
	config  Config
	library library
	slots   []*slot
	ctx     context.Context
	stop    context.CancelFunc
	running sync.WaitGroup
}

// slot is the place of one connection.
type slot struct {
	mu     sync.Mutex // held while dialling: who ends waits until there is something to end
	socket socket     // nil: there is none
	over   chan struct{}
}

func newLoops(c Config, l library) *loops {
	ctx, stop := context.WithCancel(context.Background())
	return &loops{config: c, library: l, ctx: ctx, stop: stop}
}

func (l *loops) Open(ctx context.Context, urls []string) error {
	first := len(l.slots)
	for range urls {
		l.slots = append(l.slots, &slot{})
	}
	work := make(chan int)
	var dialing sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	for range min(dialsAtOnce, len(urls)) {
		dialing.Go(func() {
			for i := range work {
				if err := l.dial(ctx, l.slots[first+i], urls[i]); err != nil {
					mu.Lock()
					errs = append(errs, err)
					mu.Unlock()
				}
			}
		})
	}
	for i := range urls {
		work <- i
	}
	close(work)
	dialing.Wait()
	return errors.Join(errs[:min(len(errs), 3)]...)
}

// dial dials once.
func (l *loops) dial(ctx context.Context, s *slot, url string) error {
	l.config.Dialed()
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	alive := life{received: l.config.Received, ended: func() { go l.lost(s, url) }}
	if l.config.Heartbeat > 0 {
		alive.silence = l.config.Heartbeat + pongWithin
	}
	l.running.Add(1)
	socket, err := l.library.dial(ctx, url, alive)
	if err != nil {
		l.running.Done()
		return err
	}
	s.socket = socket
	if l.ctx.Err() != nil { // Close has been here
		socket.close()
	}
	l.config.Up()
	if l.config.Heartbeat > 0 {
		s.over = make(chan struct{})
		over := s.over
		l.running.Go(func() { l.beat(socket, over) })
	}
	return nil
}

// beat pings until the connection has ended. Connections that came up together do
// not beat together.
func (l *loops) beat(s socket, over chan struct{}) {
	select {
	case <-time.After(rand.N(l.config.Heartbeat)):
	case <-over:
		return
	}
	ticker := time.NewTicker(l.config.Heartbeat)
	defer ticker.Stop()
	for s.ping() == nil {
		select {
		case <-ticker.C:
		case <-over:
			return
		}
	}
}

// lost dials again until there is a connection, or until Close.
func (l *loops) lost(s *slot, url string) {
	defer l.running.Done()
	s.mu.Lock()
	s.socket = nil
	if s.over != nil {
		close(s.over)
	}
	s.mu.Unlock()
	l.config.Down()
	for failures := 0; l.config.Reconnect && l.ctx.Err() == nil; failures++ {
		select {
		case <-time.After(backoff(failures)):
			if l.dial(l.ctx, s, url) == nil {
				return
			}
		case <-l.ctx.Done():
		}
	}
}

// backoff is what the textbooks have: exponential with full jitter, here with the
// figures that are also Holdfast's.
func backoff(failures int) time.Duration {
	return rand.N(min(30*time.Second, time.Second<<min(failures, 10)))
}

var errNotConnected = errors.New("the connection is lost")

func (l *loops) Send(_ context.Context, i int, data []byte) error {
	s := l.slots[i]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.socket == nil {
		return errNotConnected
	}
	return s.socket.write(data)
}

func (l *loops) Flush(context.Context, int) error { return nil }

func (l *loops) Close(context.Context) error {
	l.stop()
	for _, s := range l.slots {
		s.mu.Lock()
		if s.socket != nil {
			s.socket.close()
		}
		s.mu.Unlock()
	}
	l.running.Wait()
	l.library.close()
	return nil
}
