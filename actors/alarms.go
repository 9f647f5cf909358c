package actors

import (
	"container/heap"
	"sync"
	"time"
)

// Alarms wake a fleet's actors at their deadlines. All of them are on one runtime
// timer: a timer for each would take as much as everything else that an idle
// channel has to say about time. Its zero value is ready, and while nobody has a
// deadline it holds nothing.
type Alarms struct {
	mu    sync.Mutex
	base  time.Time // what the deadlines are counted from
	queue alarmQueue
	timer *time.Timer
	due   time.Duration // when the timer rings, not later than the first deadline; 0: it does not
}

// alarm is one deadline of somebody. It lies in what it belongs to.
type alarm struct {
	at    time.Duration // since the base, also after it has rung; 0: there is none
	place int           // in the queue, from 1; 0: it is not there
	who   sleeper
}

// sleeper is who is woken, on the goroutine of the alarms: it only sends a message.
type sleeper interface{ ring() }

// set sets a deadline, in place of the one before.
func (a *Alarms) set(x *alarm, at time.Time, who sleeper) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	if a.base.IsZero() {
		a.base = now
	}
	since := now.Sub(a.base)
	due := max(since+at.Sub(now), 1) // at may be known by the clock on the wall alone
	if x.place > 0 && x.at == due {
		return
	}
	x.at, x.who = due, who
	if x.place == 0 {
		heap.Push(&a.queue, x)
	} else {
		heap.Fix(&a.queue, x.place-1)
	}
	a.wind(since)
}

// clear takes a deadline back. A ring that is under way still comes.
func (a *Alarms) clear(x *alarm) {
	a.mu.Lock()
	defer a.mu.Unlock()
	x.at = 0
	if x.place > 0 {
		heap.Remove(&a.queue, x.place-1)
	}
	if len(a.queue) == 0 && a.due > 0 {
		a.timer.Stop()
		a.due = 0
	}
}

// when is the deadline; zero: there is none.
func (a *Alarms) when(x *alarm) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	if x.at == 0 {
		return time.Time{}
	}
	return a.base.Add(x.at)
}

// wind sets the timer to the first deadline, unless it rings sooner already: one
// that is moved away leaves a timer that rings for nothing, once. The caller holds
// the lock.
func (a *Alarms) wind(now time.Duration) {
	if len(a.queue) == 0 {
		return
	}
	first := a.queue[0].at
	if a.due > 0 && a.due <= first {
		return
	}
	a.due = first
	if a.timer == nil {
		a.timer = time.AfterFunc(first-now, a.ring)
	} else {
		a.timer.Reset(first - now)
	}
}

// ring wakes those whose time has come.
func (a *Alarms) ring() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.due = 0
	now := time.Since(a.base)
	for len(a.queue) > 0 && a.queue[0].at <= now {
		who := heap.Pop(&a.queue).(*alarm).who
		a.mu.Unlock()
		who.ring()
		a.mu.Lock()
	}
	a.wind(now)
}

// alarmQueue is a heap, the earliest first.
type alarmQueue []*alarm

// Len implements heap.Interface.
func (q alarmQueue) Len() int { return len(q) }

// Less implements heap.Interface.
func (q alarmQueue) Less(i, j int) bool { return q[i].at < q[j].at }

// Swap implements heap.Interface.
func (q alarmQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i+1, j+1
}

// Push implements heap.Interface.
func (q *alarmQueue) Push(x any) {
	*q = append(*q, x.(*alarm))
	x.(*alarm).place = len(*q)
}

// Pop implements heap.Interface.
func (q *alarmQueue) Pop() any {
	last := len(*q) - 1
	x := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	if last == 0 {
		*q = nil
	}
	x.place = 0
	return x
}
