package supervisor

import (
	"slices"

	"github.com/seed14814784/holdfast/messages"
)

// waiting are those who wait for something of a channel.
type waiting[W any] map[messages.ChannelID][]W

func (l waiting[W]) add(id messages.ChannelID, w W) { l[id] = append(l[id], w) }

// wake drops the waiters that are done.
func (l waiting[W]) wake(id messages.ChannelID, done func(W) bool) {
	list, ok := l[id]
	if !ok {
		return
	}
	if list = slices.DeleteFunc(list, done); len(list) == 0 {
		delete(l, id)
		return
	}
	l[id] = list
}

// waiter is somebody who wants a channel to reach one of some statuses. It is
// used under the bus's lock.
type waiter struct {
	wanted []messages.Status
	result chan result // has room for the one result
}

type result struct {
	status messages.Status
	reason messages.Reason
	ended  bool // it will not get there by itself
}

// start looks at where the channel is and reports whether the wait is over
// before it began.
func (w *waiter) start(now messages.Snapshot) bool {
	return w.judge(now.Status, now.Reason)
}

// see looks at a change and reports whether the wait is over.
func (w *waiter) see(e messages.StatusChanged) bool { return w.judge(e.Cur, e.Reason) }

func (w *waiter) judge(status messages.Status, reason messages.Reason) bool {
	switch {
	case slices.Contains(w.wanted, status):
		w.result <- result{status: status, reason: reason}
	case status.Ended():
		w.result <- result{status: status, reason: reason, ended: true}
	default:
		return false
	}
	return true
}

// end is for a channel that is gone.
func (w *waiter) end(reason messages.Reason) bool {
	w.result <- result{status: messages.Closed, reason: reason, ended: true}
	return true
}
