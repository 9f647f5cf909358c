package actors

import (
	"slices"
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

// clock keeps all deadlines of a channel on one alarm. It belongs to the channel's
// goroutine; the alarm rings on another one, and merely asks the channel to look.
// A wake that comes late or twice finds nothing due, so no timer can act on behalf
// of an attempt that is over.
//
// A channel has two deadlines most of the time, and none when it is idle; then
// there is no alarm either.
type clock struct {
	due   []deadline
	few   [2]deadline // room for the first of them
	alarm alarm       // set to the earliest
}

// deadline is when a slot is due.
type deadline struct {
	at   moment
	slot slot
}

// arm sets a deadline; d <= 0 clears it.
func (c *clock) arm(s slot, d time.Duration) {
	if d <= 0 {
		c.cancel(s)
		return
	}
	c.put(s, rightNow().add(d))
}

// set sets a deadline; the zero time clears it.
func (c *clock) set(s slot, at time.Time) { c.mark(s, momentOf(at)) }

// mark sets a deadline; the zero moment clears it.
func (c *clock) mark(s slot, at moment) {
	if at.isZero() {
		c.cancel(s)
	} else {
		c.put(s, at)
	}
}

func (c *clock) put(s slot, at moment) {
	if i := c.place(s); i >= 0 {
		c.due[i].at = at
		return
	}
	if c.due == nil {
		c.due = c.few[:0]
	}
	c.due = append(c.due, deadline{at, s})
}

// at is when a slot is due; zero: it is not.
func (c *clock) at(s slot) moment {
	if i := c.place(s); i >= 0 {
		return c.due[i].at
	}
	return 0
}

func (c *clock) place(s slot) int {
	return slices.IndexFunc(c.due, func(d deadline) bool { return d.slot == s })
}

// cancel clears a deadline.
func (c *clock) cancel(s slot) {
	i := c.place(s)
	if i < 0 {
		return
	}
	if c.due = slices.Delete(c.due, i, i+1); len(c.due) == 0 {
		c.due = nil
	}
}

// pop takes the earliest deadline that has passed, ties in the order of slots.
func (c *clock) pop(now moment) (slot, bool) {
	d := c.earliest()
	if d.at.isZero() || now.before(d.at) {
		return 0, false
	}
	c.cancel(d.slot)
	return d.slot, true
}

// earliest is the zero deadline if there is none.
func (c *clock) earliest() (first deadline) {
	for _, d := range c.due {
		if first.at.isZero() || d.at.before(first.at) || d.at == first.at && d.slot < first.slot {
			first = d
		}
	}
	return first
}

// settle sets the alarm to the earliest deadline. It is called once at
// the end of every message, however many deadlines that message moved.
func (c *clock) settle(alarms *Alarms, who sleeper) {
	if at := c.earliest().at; at.isZero() {
		c.stop(alarms)
	} else {
		alarms.set(&c.alarm, at, 0, who)
	}
}

// stop clears every deadline and the alarm.
func (c *clock) stop(alarms *Alarms) {
	c.due = nil
	if !c.alarm.at.isZero() {
		alarms.clear(&c.alarm)
	}
}
