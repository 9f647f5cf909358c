package actors

import (
	"context"
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

// Workers counts the goroutines and sockets that a fleet's actors have started,
// so that closing the fleet can wait for the last of them. Its zero value is
// ready.
type Workers struct {
	mu    sync.Mutex
	count int
	idle  chan struct{} // closed when count falls to zero; nil while nobody waits

	parent *actor.PID // of connections; nil until there was one
}

// cradle is the parent of the fleet's connections.
func (w *Workers) cradle(system *actor.ActorSystem) *actor.PID {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.parent == nil {
		w.parent = cradleOf(system)
	}
	return w.parent
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
func (w *Workers) Add() {
	w.mu.Lock()
	w.count++
	w.mu.Unlock()
}

// Done counts one less.
func (w *Workers) Done() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.count--; w.count == 0 && w.idle != nil {
		close(w.idle)
		w.idle = nil
	}
}

// Count is how many there are now.
func (w *Workers) Count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.count
}

// Wait blocks until there are none, or ctx ends.
func (w *Workers) Wait(ctx context.Context) error {
	w.mu.Lock()
	if w.count == 0 {
		w.mu.Unlock()
		return nil
	}
	if w.idle == nil {
		w.idle = make(chan struct{})
	}
	idle := w.idle
	w.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
