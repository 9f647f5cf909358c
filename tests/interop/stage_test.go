package interop

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
)

// patience is how long a test waits for anything before it fails. It is far
// above what anything here takes.
const patience = 30 * time.Second

// prompt is a strategy for tests on real time: the usual one, a tenth of a
// second long.
var prompt = supervisor.Backoff{
	Base: 100 * time.Millisecond, Cap: 200 * time.Millisecond,
	Floor: 20 * time.Millisecond, FirstJitter: 20 * time.Millisecond,
}

// stage is a fleet and the channels that a test opened on it.
type stage struct {
	t     *testing.T
	ctx   context.Context
	fleet *supervisor.Fleet

	mu    sync.Mutex
	lines map[messages.ChannelID]*line
}

// newStage makes a fleet that ends with the test, after the servers that were
// started before it.
func newStage(t *testing.T, opts ...supervisor.Option) *stage {
	t.Helper()
	fleet, err := supervisor.New(append([]supervisor.Option{supervisor.WithStrategy(prompt)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	s := &stage{t: t, ctx: ctx, fleet: fleet, lines: map[messages.ChannelID]*line{}}
	t.Cleanup(func() {
		defer cancel()
		end, done := context.WithTimeout(context.Background(), patience)
		defer done()
		if err := fleet.Close(end); err != nil {
			t.Errorf("the fleet did not close: %v", err)
		}
	})
	if err := fleet.Listen("stage", s.hear); err != nil {
		t.Fatal(err)
	}
	return s
}

// hear gives every line what is about it.
func (s *stage) hear(event messages.Event) {
	s.mu.Lock()
	l := s.lines[event.Subject()]
	s.mu.Unlock()
	if l == nil {
		return
	}
	switch e := event.(type) {
	case messages.StatusChanged:
		l.changes.put(e)
	case messages.Missed:
		s.t.Error("the test fell behind the fleet's events")
	}
}

// open opens a channel. Its handler and, if it has none, its ID are the test's.
func (s *stage) open(spec supervisor.Spec) *line {
	s.t.Helper()
	if spec.ID == "" {
		spec.ID = "channel"
	}
	l := &line{t: s.t, ctx: s.ctx, changes: newQueue[messages.StatusChanged](), inbox: newQueue[messages.Received]()}
	spec.Handler = func(m messages.Received) { l.inbox.put(m) }
	s.mu.Lock()
	s.lines[spec.ID] = l
	s.mu.Unlock()
	ch, err := s.fleet.Open(s.ctx, spec)
	if err != nil {
		s.t.Fatal(err)
	}
	l.Channel = ch
	return l
}
