package actors

import (
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// Gate decides who may dial now.
type Gate interface {
	// Ask queues a wish to dial an endpoint, not before earliest. admit is
	// called once, from any goroutine and never while Ask runs, with the
	// permit, unless cancel came first. It must not block.
	Ask(endpoint string, earliest time.Time, admit func(Permit)) (cancel func())
}

// Permit is the leave to dial once.
type Permit interface {
	// Done gives the permit back and tells how the dial ended; a zero reason
	// means success, one of ClassLocal neither success nor failure. Every
	// permit is given back exactly once; further calls do nothing.
	Done(reason messages.Reason)
}
