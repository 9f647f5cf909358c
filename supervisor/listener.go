package supervisor

import (
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/seed14814784/holdfast/actors"
	"github.com/seed14814784/holdfast/messages"
)

// listener calls a function with every event of an observer's queue, in order,
// from a goroutine that exists only while something waits. A panic in the
// function is reported and costs nobody else anything.
type listener struct {
	observer
	call     func(messages.Event)
	panicked func(name, what string)
	workers  *actors.Workers

	mu      sync.Mutex
	running bool
	removed bool
}

func newListener(name string, limit int, workers *actors.Workers, panicked func(name, what string), call func(messages.Event)) *listener {
	l := &listener{call: call, panicked: panicked, workers: workers}
	l.observer.name, l.observer.limit, l.observer.ready = name, limit, l.start
	return l
}

// start makes sure that a goroutine drains the queue.
func (l *listener) start() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.running {
		l.running = true
		l.workers.Go(l.drain)
	}
}

// drain empties the queue. Before it leaves it looks once more under the lock
// that start takes, so that an event which came after the last look finds
// either this goroutine or starts another. One that is taken away by
// runtime.Goexit in the function is replaced.
func (l *listener) drain() {
	finished := false
	defer func() {
		if !finished {
			l.workers.Go(l.drain)
		}
	}()
	for {
		event, ok, _ := l.take()
		if !ok {
			l.mu.Lock()
			if event, ok, _ = l.take(); !ok {
				l.running = false
				l.mu.Unlock()
				finished = true
				return
			}
			l.mu.Unlock()
		}
		l.deliver(event)
	}
}

func (l *listener) deliver(event messages.Event) {
	l.mu.Lock()
	removed := l.removed
	l.mu.Unlock()
	if removed {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			l.panicked(l.name, fmt.Sprintf("%v\n%s", v, debug.Stack()))
		}
	}()
	l.call(event)
}

// remove makes sure that the function is not started again.
func (l *listener) remove() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.removed = true
}
