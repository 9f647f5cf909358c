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
// A channel has one or two deadlines most of the time, and none when it is idle; then
// there is no alarm either.
type clock struct {
	near  [2]moment   // of the first two; zero: that place is free
	slots [2]slot     // whose they are
	wound bool        // the alarm is set, and nobody has looked since
	far   *[]deadline // the others; nil: there are none
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
	if m := c.find(s); m != nil {
		*m = at
		return
	}
	for i := range c.near {
		if c.near[i].isZero() {
			c.near[i], c.slots[i] = at, s
			return
		}
	}
	if c.far == nil {
		c.far = &[]deadline{}
	}
	*c.far = append(*c.far, deadline{at, s})
}

// find is where a slot's deadline lies; nil: there is none.
func (c *clock) find(s slot) *moment {
	for i := range c.near {
		if c.slots[i] == s && !c.near[i].isZero() {
			return &c.near[i]
		}
	}
	if c.far != nil {
		for i := range *c.far {
			if d := &(*c.far)[i]; d.slot == s {
				return &d.at
			}
		}
	}
	return nil
}

// at is when a slot is due; zero: it is not.
func (c *clock) at(s slot) moment {
	if m := c.find(s); m != nil {
		return *m
	}
	return 0
}

// cancel clears a deadline.
func (c *clock) cancel(s slot) {
	if m := c.find(s); m != nil {
		*m = 0
	}
	if c.far == nil {
		return
	}
	if *c.far = slices.DeleteFunc(*c.far, func(d deadline) bool { return d.at.isZero() }); len(*c.far) == 0 {
		c.far = nil
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
	for i, at := range c.near {
		first = first.or(deadline{at, c.slots[i]})
	}
	if c.far != nil {
		for _, d := range *c.far {
			first = first.or(d)
		}
	}
	return first
}

// or is the earlier of two, ties in the order of slots.
func (d deadline) or(other deadline) deadline {
	switch {
	case other.at.isZero():
		return d
	case d.at.isZero(), other.at.before(d.at), other.at == d.at && other.slot < d.slot:
		return other
	}
	return d
}

// settle sets the alarm to the earliest deadline. It is called once at
// the end of every message, however many deadlines that message moved.
func (c *clock) settle(alarms *Alarms, who sleeper) {
	switch at := c.earliest().at; {
	case at.isZero():
		c.stop(alarms)
	case !c.wound || c.alarm.at != at: // all channels share the lock of the alarms
		c.wound = true
		alarms.set(&c.alarm, at, 0, who)
	}
}

// stop clears every deadline and the alarm.
func (c *clock) stop(alarms *Alarms) {
	c.near, c.far, c.wound = [2]moment{}, nil, false
	if !c.alarm.at.isZero() {
		alarms.clear(&c.alarm)
	}
}
