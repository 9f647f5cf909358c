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
	taken    int // of those in the queue, the first
	primed   int // of the others, the first; they do not count for the limit
	missed   uint64
	finished bool
}

// prime queues what comes before all events.
func (o *observer) prime(events []messages.Event) {
	o.mu.Lock()
	o.add(events...)
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
	waiting := len(o.queue) - o.taken
	switch {
	case waiting-o.primed >= o.limit:
		o.missed++
	case o.missed > 0:
		o.add(o.gap(), event)
	default:
		o.add(event)
	}
	o.mu.Unlock()
	if waiting == 0 {
		o.ready()
	}
}

// add puts events at the end. The place of those that were taken is used again.
func (o *observer) add(events ...messages.Event) {
	if len(o.queue)+len(events) > cap(o.queue) && 2*o.taken >= len(o.queue) {
		left := copy(o.queue, o.queue[o.taken:])
		clear(o.queue[left:])
		o.queue, o.taken = o.queue[:left], 0
	}
	o.queue = append(o.queue, events...)
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
	if o.taken < len(o.queue) {
		event = o.queue[o.taken]
		o.queue[o.taken] = nil
		o.primed = max(0, o.primed-1)
		if o.taken++; o.taken == len(o.queue) {
			o.clear()
		}
		return event, true, true
	}
	if o.missed > 0 {
		return o.gap(), true, true
	}
	return nil, false, !o.finished
}

// keepQueue is the room for events that is kept while there are none.
const keepQueue = 64

// clear makes the queue empty, when all was taken.
func (o *observer) clear() {
	o.queue, o.taken = o.queue[:0], 0
	if cap(o.queue) > keepQueue {
		o.queue = nil
	}
}

// finish lets no more events in.
func (o *observer) finish() {
	o.mu.Lock()
	o.finished = true
	o.mu.Unlock()
	o.ready()
}
