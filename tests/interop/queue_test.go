package interop

import (
	"context"
	"sync"
)

// queue is an endless queue, so that a test that looks elsewhere never holds a
// handler or a listener up.
type queue[T any] struct {
	mu    sync.Mutex
	items []T
	more  chan struct{} // closed, and made anew, when something comes
}

func newQueue[T any]() *queue[T] { return &queue[T]{more: make(chan struct{})} }

func (q *queue[T]) put(item T) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.items = append(q.items, item)
	close(q.more)
	q.more = make(chan struct{})
}

// take waits for the next item.
func (q *queue[T]) take(ctx context.Context) (T, error) {
	for {
		q.mu.Lock()
		if len(q.items) > 0 {
			item := q.items[0]
			q.items = q.items[1:]
			q.mu.Unlock()
			return item, nil
		}
		more := q.more
		q.mu.Unlock()
		select {
		case <-more:
		case <-ctx.Done():
			var none T
			return none, ctx.Err()
		}
	}
}

// all takes what is here.
func (q *queue[T]) all() []T {
	q.mu.Lock()
	defer q.mu.Unlock()
	items := q.items
	q.items = nil
	return items
}
