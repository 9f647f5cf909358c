package actors

import (
	"sync"

	"github.com/seed14814784/holdfast/messages"
)

// ask is one wish to dial, from the gate's queue to the connection that dials.
//
// The gate admits from its own goroutine and the channel learns of it by a
// message, so admission races with everything that can end the wish: a
// Disconnect that is handled between the two, a crash of the channel, its end.
// Whoever comes first decides: a withdrawn ask gives the permit back the moment
// it arrives, and one that was admitted gives it back when it is withdrawn
// before anybody took it. So no permit is ever lost with a message.
type ask struct {
	mu        sync.Mutex
	cancel    func()
	permit    Permit
	withdrawn bool
}

// admit stores the permit and reports whether anybody still wants it.
func (a *ask) admit(permit Permit) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.withdrawn {
		permit.Done(messages.Reason{Code: messages.ReasonUserDrop})
		return false
	}
	a.permit = permit
	return true
}

// take gives the permit to the connection that will dial.
func (a *ask) take() Permit {
	a.mu.Lock()
	defer a.mu.Unlock()
	permit := a.permit
	a.permit, a.withdrawn = nil, true
	return permit
}

// withdraw ends the wish.
func (a *ask) withdraw() {
	a.mu.Lock()
	permit, cancel := a.permit, a.cancel
	a.permit, a.withdrawn = nil, true
	a.mu.Unlock()
	if permit != nil {
		permit.Done(messages.Reason{Code: messages.ReasonUserDrop})
	}
	if cancel != nil {
		cancel()
	}
}
