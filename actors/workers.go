package actors

import (
	"context"
	"sync"
	"sync/atomic"
)

// Workers counts the goroutines and sockets that a fleet's actors have started,
// so that closing the fleet can wait for the last of them. Its zero value is
// ready.
type Workers struct {
	count atomic.Int64

	mu   sync.Mutex
	idle chan struct{} // closed when count falls to zero; nil while nobody waits

	nursery nursery
}

// Go runs f in a goroutine that Wait waits for.
func (w *Workers) Go(f func()) {
	w.Add()
	go func() {
		defer w.Done()
		f()
	}()
}

// Add counts one more.
func (w *Workers) Add() { w.count.Add(1) }

// Done counts one less.
func (w *Workers) Done() {
	if w.count.Add(-1) > 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tell()
}

// tell lets those go who wait, if there is nobody left to wait for.
func (w *Workers) tell() {
	if w.count.Load() == 0 && w.idle != nil {
		close(w.idle)
		w.idle = nil
	}
}

// Count is how many there are now.
func (w *Workers) Count() int { return int(w.count.Load()) }

// Wait blocks until there are none, or ctx ends.
func (w *Workers) Wait(ctx context.Context) error {
	w.mu.Lock()
	if w.idle == nil {
		w.idle = make(chan struct{})
	}
	idle := w.idle
	w.tell() // the last may have gone before there was anybody to tell
	w.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
