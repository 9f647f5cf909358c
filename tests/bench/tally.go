package main

import (
	"context"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
)

// tally counts up, cheaply, and tells when a number is reached.
type tally struct {
	count  atomic.Int64
	target atomic.Int64

	mu      sync.Mutex
	reached chan struct{}
}

func newTally() *tally {
	t := &tally{reached: make(chan struct{}, 1)}
	t.target.Store(math.MaxInt64)
	return t
}

func (t *tally) add(n int64) {
	if t.count.Add(n) >= t.target.Load() {
		select {
		case t.reached <- struct{}{}:
		default: // it has been told
		}
	}
}

func (t *tally) now() int64 { return t.count.Load() }

// await waits until the count is at least n. One goroutine at a time waits.
func (t *tally) await(ctx context.Context, n int64) error {
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
