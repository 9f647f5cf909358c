package supervisor

import (
	"sync"

	"github.com/seed14814784/holdfast/messages"
)

// observer is one bounded queue of events.
type observer struct {
	name  string
	limit int
	calm  bool   // it wants no traffic, only what happens to channels and endpoints
	ready func() // called, outside the lock, when something came into an empty queue

	mu       sync.Mutex
	queue    []messages.Event
	primed   int // of those in the queue, the first; they do not count for the limit
	missed   uint64
	finished bool
}

// prime queues what comes before all events.
func (o *observer) prime(events []messages.Event) {
	o.mu.Lock()
	o.queue = append(o.queue, events...)
	o.primed += len(events)
	o.mu.Unlock()
	if len(events) > 0 {
		o.ready()
	}
}

// offer queues an event, or counts it as missed when there is no room. What was
// missed is told in the place where it was missed.
func (o *observer) offer(event messages.Event) {
	o.mu.Lock()
	if o.finished {
		o.mu.Unlock()
		return
	}
	wasEmpty := len(o.queue) == 0
	switch {
	case len(o.queue)-o.primed >= o.limit:
		o.missed++
	case o.missed > 0:
		o.queue = append(o.queue, o.gap(), event)
	default:
		o.queue = append(o.queue, event)
	}
	o.mu.Unlock()
	if wasEmpty {
		o.ready()
	}
}

func (o *observer) gap() messages.Missed {
	m := messages.Missed{Observer: o.name, Count: o.missed}
	o.missed = 0
	return m
}

// take gives the next event. If there is none, more tells whether there can
// ever be another one.
func (o *observer) take() (event messages.Event, ok, more bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.queue) > 0 {
		event = o.queue[0]
		o.queue[0] = nil
		o.primed = max(0, o.primed-1)
		if o.queue = o.queue[1:]; len(o.queue) == 0 {
			o.queue = nil
		}
		return event, true, true
	}
	if o.missed > 0 {
		return o.gap(), true, true
	}
	return nil, false, !o.finished
}

// finish lets no more events in.
func (o *observer) finish() {
	o.mu.Lock()
	o.finished = true
	o.mu.Unlock()
	o.ready()
}
