package actors

import (
	"time"

	"github.com/seed14814784/holdfast/actors/lifecycle"
)

// slot is one deadline of a clock: a timer of the lifecycle, or one of the
// outbox and of the login.
type slot uint8

const (
	expirySlot = slot(lifecycle.TimerCount) // the next message of the outbox runs out of time
	giveUpSlot = expirySlot + 1             // the channel should have been up by now
	renewSlot  = giveUpSlot + 1             // the login ends soon
	leaseSlot  = renewSlot + 1              // the login ends
	slotCount  = leaseSlot + 1
)

// clock keeps all deadlines of a channel on one runtime timer. It belongs to
// the channel's goroutine; only wake is called from another one, and it merely
// asks the channel to look. A wake that comes late or twice finds nothing due,
// so no timer can act on behalf of an attempt that is over.
type clock struct {
	due   [slotCount]time.Time
	timer *time.Timer
	next  time.Time // what timer is set to; zero when it is not running
	wake  func()
}

// arm sets a deadline; d <= 0 clears it.
func (c *clock) arm(s slot, d time.Duration) {
	if d <= 0 {
		c.due[s] = time.Time{}
		return
	}
	c.due[s] = time.Now().Add(d)
}

// expireAt sets the outbox's deadline; the zero time clears it.
func (c *clock) expireAt(at time.Time) { c.due[expirySlot] = at }

// cancel clears a deadline.
func (c *clock) cancel(s slot) { c.due[s] = time.Time{} }

// pop takes the earliest deadline that has passed, ties in the order of slots.
func (c *clock) pop(now time.Time) (slot, bool) {
	s, at := c.earliest()
	if at.IsZero() || at.After(now) {
		return 0, false
	}
	c.due[s] = time.Time{}
	return s, true
}

func (c *clock) earliest() (first slot, at time.Time) {
	for s, due := range c.due {
		if !due.IsZero() && (at.IsZero() || due.Before(at)) {
			first, at = slot(s), due
		}
	}
	return first, at
}

// settle sets the runtime timer to the earliest deadline. It is called once at
// the end of every message, however many deadlines that message moved.
func (c *clock) settle() {
	_, at := c.earliest()
	switch {
	case at.Equal(c.next):
	case at.IsZero():
		c.timer.Stop()
		c.next = time.Time{}
	default:
		wait := max(time.Until(at), 0)
		if c.timer == nil {
			c.timer = time.AfterFunc(wait, c.wake)
		} else {
			c.timer.Reset(wait)
		}
		c.next = at
	}
}

// fired notes that the runtime timer has run out.
func (c *clock) fired() { c.next = time.Time{} }

// stop clears every deadline and the runtime timer.
func (c *clock) stop() {
	c.due = [slotCount]time.Time{}
	c.next = time.Time{}
	if c.timer != nil {
		c.timer.Stop()
	}
}
