package lifecycle

import (
	"strings"

	"github.com/seed14814784/holdfast/messages"
)

// Statuses is a set of statuses.
type Statuses uint16

// The sets that many rows speak of.
var (
	everyStatus = of(messages.Statuses()...)
	ended       = of(messages.Closed, messages.Kicked, messages.Failed)
	wanted      = of(messages.Queued, messages.Preparing, messages.Dialing, messages.Authenticating,
		messages.Syncing, messages.Ready, messages.Backoff, messages.Suspended, messages.Held)
	unwanted = everyStatus &^ wanted
	live     = of(messages.Authenticating, messages.Syncing, messages.Ready, messages.Draining)
	waiting  = of(messages.Backoff, messages.Suspended)
)

func of(statuses ...messages.Status) Statuses {
	var set Statuses
	for _, status := range statuses {
		set |= 1 << status
	}
	return set
}

// Has reports whether the status is in the set.
func (s Statuses) Has(status messages.Status) bool { return s&(1<<status) != 0 }

// List gives the statuses of the set in the order of their numbers.
func (s Statuses) List() []messages.Status {
	var list []messages.Status
	for _, status := range messages.Statuses() {
		if s.Has(status) {
			list = append(list, status)
		}
	}
	return list
}

// String lists the names in the set, such as "Backoff, Suspended".
func (s Statuses) String() string {
	var names []string
	for _, status := range s.List() {
		names = append(names, status.String())
	}
	return strings.Join(names, ", ")
}
