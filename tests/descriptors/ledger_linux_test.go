package descriptors

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// ledger is what a fleet told.
type ledger struct {
	mu       sync.Mutex
	status   map[messages.ChannelID]messages.Status
	moves    map[messages.ChannelID]int
	reasons  map[messages.Code]int // of those who wait
	attempts int                   // the most that were counted
	pauses   []messages.GateChanged
	news     chan struct{} // closed with the next event
}

func newLedger() *ledger {
	return &ledger{
		status: map[messages.ChannelID]messages.Status{}, moves: map[messages.ChannelID]int{},
		reasons: map[messages.Code]int{}, news: make(chan struct{}),
	}
}

func (l *ledger) note(event messages.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch e := event.(type) {
	case messages.StatusChanged:
		l.status[e.Channel] = e.Cur
		l.moves[e.Channel]++
		if e.Cur.Phase() == messages.PhaseWaiting {
			l.reasons[e.Reason.Code]++
			l.attempts = max(l.attempts, e.Attempt)
		}
	case messages.Stopped:
		delete(l.status, e.Channel)
	case messages.GateChanged:
		l.pauses = append(l.pauses, e)
	}
	close(l.news)
	l.news = make(chan struct{})
}

// up lists who is Ready.
func (l *ledger) up() (ids []messages.ChannelID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, status := range l.status {
		if status == messages.Ready {
			ids = append(ids, id)
		}
	}
	return ids
}

// paused reports whether the last word is that dials are paused.
func (l *ledger) paused() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.pauses) > 0 && l.pauses[len(l.pauses)-1].Paused
}

// until waits until something is so.
func (l *ledger) until(t *testing.T, what string, within time.Duration, so func() bool) {
	t.Helper()
	over := time.After(within)
	for {
		l.mu.Lock()
		news := l.news
		l.mu.Unlock()
		if so() {
			return
		}
		select {
		case <-news:
		case <-over:
			l.mu.Lock()
			defer l.mu.Unlock()
			t.Fatalf("not within %s: %s; waited because of %v, pauses %v", within, what, l.reasons, l.pauses)
		}
	}
}

// counted is a dialer that counts.
type counted struct {
	transport.Dialer
	dials atomic.Int64
}

// Dial implements transport.Dialer.
func (c *counted) Dial(ctx context.Context, target transport.Target) (transport.Conn, error) {
	c.dials.Add(1)
	return c.Dialer.Dial(ctx, target)
}
