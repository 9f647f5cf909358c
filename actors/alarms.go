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
//
// Many do not mind to wait a little for others: to wake the processor costs more than
// to send a heartbeat.
type Alarms struct {
	mu    sync.Mutex
	start moment // what shared deadlines are counted from
	queue alarmQueue
	timer *time.Timer
	due   moment // when the timer rings, not later than the first deadline; 0: it does not
}

// alarm is one deadline of somebody. It lies in what it belongs to.
type alarm struct {
	at    moment // also after it has rung; 0: there is none
	place int    // in the queue, from 1; 0: it is not there
	who   sleeper
}

// sleeper is who is woken, on the goroutine of the alarms: it only sends a message. That
// may be an errand; one that blocks all the same holds up the others for patience.
type sleeper interface{ ring() }

const patience = 50 * time.Millisecond

// set sets a deadline, in place of the one before. It may be up to slack later, together
// with those of others.
func (a *Alarms) set(x *alarm, at moment, slack time.Duration, who sleeper) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.start.isZero() {
		a.start = rightNow()
	}
	if early := at.sub(a.start) % max(slack, 1); early > 0 {
		at = at.add(slack - early)
	}
	if x.place > 0 && x.at == at {
		return
	}
	x.at, x.who = at, who
	if x.place == 0 {
		heap.Push(&a.queue, x)
	} else {
		heap.Fix(&a.queue, x.place-1)
	}
	a.wind()
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

// wind sets the timer to the first deadline, unless it rings sooner already: one
// that is moved away leaves a timer that rings for nothing, once. The caller holds
// the lock.
func (a *Alarms) wind() {
	if len(a.queue) == 0 {
		return
	}
	first := a.queue[0].at
	if a.due > 0 && a.due <= first {
		return
	}
	a.due = first
	if wait := first.sub(rightNow()); a.timer == nil {
		a.timer = time.AfterFunc(wait, a.ring)
	} else {
		a.timer.Reset(wait)
	}
}

// ring wakes those whose time has come. Meanwhile the timer is set, and another
// goroutine goes on if this one is held up.
func (a *Alarms) ring() {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := rightNow()
	a.due = now.add(patience)
	a.timer.Reset(patience)
	for len(a.queue) > 0 && a.queue[0].at <= now {
		a.wake(heap.Pop(&a.queue).(*alarm).who)
	}
	a.timer.Stop()
	a.due = 0
	a.wind()
}

// wake wakes one without the lock, and has it again also if that ends the goroutine by
// runtime.Goexit: then the timer finds the others.
func (a *Alarms) wake(who sleeper) {
	a.mu.Unlock()
	defer a.mu.Lock()
	who.ring()
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
