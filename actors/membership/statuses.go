package membership

import (
	"strings"

	"github.com/seed14814784/holdfast/messages"
)

// Statuses is a set of room statuses.
type Statuses uint16

// The sets that many rows speak of.
var (
	ended   = of(messages.RoomLost, messages.RoomGone, messages.RoomKicked, messages.RoomFailed)
	out     = ended | of(messages.RoomDetached)
	asking  = of(messages.RoomJoining, messages.RoomRejoining)
	offline = of(messages.RoomInterrupted, messages.RoomSuspended)
	active  = asking | of(messages.RoomJoined, messages.RoomVerifying, messages.RoomWaiting)
)

func of(statuses ...messages.RoomStatus) Statuses {
	var set Statuses
	for _, status := range statuses {
		set |= 1 << status
	}
	return set
}

// Has reports whether the status is in the set.
func (s Statuses) Has(status messages.RoomStatus) bool { return s&(1<<status) != 0 }

// List gives the statuses of the set in the order of their numbers.
func (s Statuses) List() []messages.RoomStatus {
	var list []messages.RoomStatus
	for _, status := range messages.RoomStatuses() {
		if s.Has(status) {
			list = append(list, status)
		}
	}
	return list
}

// String lists the names in the set, such as "Joining, Rejoining".
func (s Statuses) String() string {
	var names []string
	for _, status := range s.List() {
		names = append(names, status.String())
	}
	return strings.Join(names, ", ")
}
