package supervisor

import (
	"container/heap"
	"container/list"
	"time"

	"golang.org/x/time/rate"

	"github.com/seed14814784/holdfast/actors"
)

// endpoint is one server as the gate sees it. The gate's lock guards all of it.
type endpoint struct {
	name    string
	limits  Limits
	bucket  *rate.Limiter // golang.org/x/time/rate: takes the time as an argument, and its limit can be changed
	breaker breaker
	pause   pause      // for want of local ports
	share   float64    // of the rate that is open: below 1 in a slow start
	queue   *list.List // of *wish, in the order in which their time came
	early   waitlist   // wishes whose time has not come yet
	flying  int        // permits that are out
	timer   *time.Timer
	due     time.Time // when the timer rings; zero: not set

	admitted   []admission // to be delivered
	delivering bool        // somebody is at it
	paused     bool        // it waits for the gate's pause
}

// admission is a permit on its way to whoever asked for it.
type admission struct {
	admit  func(actors.Permit)
	permit *permit
}

// wish is one wait for a permit. It is in the queue or among the early ones of
// its endpoint, and in neither when it is over.
type wish struct {
	endpoint *endpoint
	admit    func(actors.Permit)
	earliest time.Time
	number   uint64        // in the order of asking
	element  *list.Element // in the queue
	place    int           // among the early ones, from 1
}

// join puts a wish where it belongs. Those whose time came before it are before
// it, also if the timer that brings them has not rung yet.
func (e *endpoint) join(w *wish, now time.Time) {
	if w.earliest.After(now) {
		heap.Push(&e.early, w)
		if e.early[0] == w {
			e.wake(w.earliest, now)
		}
		return
	}
	e.ripen(now)
	// Behind others nothing needs to be done: either the timer is set for the
	// first of them, or a permit that comes back makes the next turn.
	if e.queue.Len() == 0 {
		e.wake(now, now)
	}
	w.element = e.queue.PushBack(w)
}

// leave takes a wish out of wherever it is.
func (e *endpoint) leave(w *wish) {
	if w.element != nil {
		e.queue.Remove(w.element)
		w.element = nil
	}
	if w.place > 0 {
		heap.Remove(&e.early, w.place-1)
	}
	w.admit = nil // what it holds on to may be large, and cancel keeps the wish
}

// ripen brings those into the queue whose time has come.
func (e *endpoint) ripen(now time.Time) {
	for len(e.early) > 0 && !e.early[0].earliest.After(now) {
		w := heap.Pop(&e.early).(*wish)
		if e.queue.Len() == 0 {
			e.wake(now, now)
		}
		w.element = e.queue.PushBack(w)
	}
}

// claim takes what the next dial needs, or returns how long to wait for it;
// Never is until a permit comes back.
func (e *endpoint) claim(now time.Time) time.Duration {
	if e.flying >= e.limits.Concurrent {
		return Never
	}
	if wait := max(e.breaker.wait(now), e.pause.wait(now)); wait > 0 {
		return wait
	}
	e.throttle(now)
	if e.bucket.AllowN(now, 1) {
		return 0
	}
	wait := max(e.refill(1, now), time.Millisecond)
	if e.share < 1 {
		wait = min(wait, time.Second) // by then the rate is another
	}
	return wait
}

// throttle sets the bucket to the share of the rate that is open.
func (e *endpoint) throttle(now time.Time) {
	share := e.breaker.share(now)
	if share == e.share {
		return
	}
	e.share = share
	e.bucket.SetLimitAt(now, rate.Limit(share*e.limits.PerSecond))
	e.bucket.SetBurstAt(now, max(1, int(share*float64(e.limits.Burst))))
}

// refill is how long it takes until there are so many tokens, an hour at most.
func (e *endpoint) refill(tokens float64, now time.Time) time.Duration {
	seconds := (tokens - e.bucket.TokensAt(now)) / float64(e.bucket.Limit())
	return time.Duration(min(seconds, 3600) * float64(time.Second))
}

// deserted reports whether nobody is here any more.
func (e *endpoint) deserted() bool {
	return e.queue.Len() == 0 && len(e.early) == 0 && e.flying == 0
}

// fades is how long a deserted endpoint still has something to remember: what
// its breaker and its pause know, or a bucket that is not full again. One that is forgotten
// sooner would come back with a full bucket, and the bound would not hold.
func (e *endpoint) fades(now time.Time) time.Duration {
	e.throttle(now)
	return max(e.breaker.fades(now), e.pause.fades(now), e.refill(float64(e.bucket.Burst()), now))
}

// wake sets the timer, unless it rings sooner already.
func (e *endpoint) wake(at, now time.Time) {
	if e.due.IsZero() || at.Before(e.due) {
		e.due = at
		e.timer.Reset(at.Sub(now))
	}
}

// sleep sets the timer to ring for whoever may be next after wait, and for the
// first of the early ones.
func (e *endpoint) sleep(wait time.Duration, now time.Time) {
	e.due = time.Time{}
	e.timer.Stop()
	if wait < Never {
		e.wake(now.Add(wait), now)
	}
	if len(e.early) > 0 {
		e.wake(e.early[0].earliest, now)
	}
}

// waitlist is a heap of wishes, the earliest first, equals in the order of
// asking.
type waitlist []*wish

// Len implements heap.Interface.
func (h waitlist) Len() int { return len(h) }

// Less implements heap.Interface.
func (h waitlist) Less(i, j int) bool {
	if d := h[i].earliest.Compare(h[j].earliest); d != 0 {
		return d < 0
	}
	return h[i].number < h[j].number
}

// Swap implements heap.Interface.
func (h waitlist) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i+1, j+1
}

// Push implements heap.Interface.
func (h *waitlist) Push(w any) {
	*h = append(*h, w.(*wish))
	w.(*wish).place = len(*h)
}

// Pop implements heap.Interface.
func (h *waitlist) Pop() any {
	last := len(*h) - 1
	w := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	w.place = 0
	return w
}
