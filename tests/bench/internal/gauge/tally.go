package gauge

import (
	"context"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
)

// Tally counts up, cheaply, and tells when a number is reached.
type Tally struct {
	count  atomic.Int64
	target atomic.Int64

	mu      sync.Mutex
	reached chan struct{}
}

// NewTally returns a tally of nothing.
func NewTally() *Tally {
	t := &Tally{reached: make(chan struct{}, 1)}
	t.target.Store(math.MaxInt64)
	return t
}

// Add counts n more, and returns the new count. It does not block.
func (t *Tally) Add(n int64) int64 {
	count := t.count.Add(n)
	if count >= t.target.Load() {
		select {
		case t.reached <- struct{}{}:
		default: // it has been told
		}
	}
	return count
}

// Now is the count.
func (t *Tally) Now() int64 { return t.count.Load() }

// Await blocks until the count is at least n, or ctx ends; then the error says how
// far it got. One goroutine at a time waits.
func (t *Tally) Await(ctx context.Context, n int64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.target.Store(n)
	defer t.target.Store(math.MaxInt64)
	for t.count.Load() < n {
		select {
		case <-t.reached:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d: %w", t.count.Load(), n, ctx.Err())
		}
	}
	return nil
}
