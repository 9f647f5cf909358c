package supervisor

import (
	"slices"

	"github.com/seed14814784/holdfast/messages"
)

// roomWaiter is somebody who wants a room to reach one of some statuses. It is
// used under the bus's lock.
type roomWaiter struct {
	room   messages.RoomID
	wanted []messages.RoomStatus
	result chan roomResult // has room for the one result
}

type roomResult struct {
	reason messages.Reason
	ended  bool // it will not get there by itself
}

func (w *roomWaiter) judge(status messages.RoomStatus, reason messages.Reason) bool {
	switch {
	case slices.Contains(w.wanted, status):
		w.result <- roomResult{reason: reason}
	case status.Ended():
		w.result <- roomResult{reason: reason, ended: true}
	default:
		return false
	}
	return true
}

// awaitRoom registers a waiter if the room is not where it wants it already.
func (b *bus) awaitRoom(id messages.ChannelID, w *roomWaiter, look func() (messages.RoomStatus, messages.Reason)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !w.judge(look()) {
		b.roomWaiters.add(id, w)
	}
}

func (b *bus) forgetRoom(id messages.ChannelID, w *roomWaiter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.roomWaiters.wake(id, func(other *roomWaiter) bool { return other == w })
}
