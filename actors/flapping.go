package actors

import (
	"math/bits"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// Flapping is when session after session ends soon, and all in the same way. One
// such end is bad luck. Many are mostly two processes that log in with the same
// identity: each takes the other's place, for ever, and both look busy.
//
// After Notice of them, and then whenever their number has doubled, a Finding is
// published. After End of them the fight is over for this side: a channel that was
// kicked is not taken over again before Within has passed, and one whose peer
// closes with a code that blames us, but that nobody has a meaning for, is Failed.
// What the network does and what a server says about itself is retried as ever.
type Flapping struct {
	Notice int
	End    int
	Within time.Duration // from its login; a session that lives longer breaks the row
}

// flaps counts the sessions of the row. The channel actor's; it survives a crash.
type flaps struct {
	since moment // login of the session that is there
	row   *row   // nil: the last session was no such one
}

type row struct {
	way   ending // how its sessions ended
	count int
	last  time.Time // when the last of them ended
}

// ending is what makes two endings the same.
type ending struct {
	code messages.Code
	wire int
}

// began notes a login.
func (f *flaps) began() { f.since = rightNow() }

// ended counts the end of a session, if it had been logged in.
func (f *flaps) ended(reason messages.Reason, within time.Duration, now time.Time) (counted bool) {
	if f.since.isZero() {
		return false
	}
	lived, way := momentOf(now).sub(f.since), ending{reason.Code, reason.Wire.Code}
	f.since = 0
	switch {
	case lived >= within:
		*f = flaps{}
		return false
	case f.row == nil || way != f.row.way:
		f.row = &row{way: way}
	}
	f.row.count, f.row.last = f.row.count+1, now
	return true
}

// sessionEnded looks at how a session ended, and gives the code that ends the
// channel over it, if any.
func (c *channel) sessionEnded(reason messages.Reason) messages.Code {
	now := time.Now()
	if !c.flaps.ended(reason, c.Flapping.Within, now) {
		return messages.ReasonOK
	}
	if n := c.flaps.row.count; n%c.Flapping.Notice == 0 && bits.OnesCount(uint(n/c.Flapping.Notice)) == 1 {
		c.Observer.Publish(messages.Finding{
			Channel: c.Channel, Reason: c.flapping(reason), At: now,
			Advice: advice(reason),
		}, nil)
	}
	if c.flaps.row.count >= c.Flapping.End && blamesUs(reason) && !c.Insist {
		return messages.ReasonFlapping
	}
	return messages.ReasonOK
}

// advice is where to look for who ends the sessions.
func advice(reason messages.Reason) string {
	if reason.Class() == messages.ClassKicked || blamesUs(reason) {
		return "look for another process that logs in with the same identity, and give each its own"
	}
	return "look at the server and at what is between, such as a proxy that ends what is idle"
}

// blamesUs reports whether a peer closed over something that we do, as far as the
// code of its close frame tells (RFC 6455, 7.4, and the registry it founded):
// neither normally nor because of itself.
func blamesUs(reason messages.Reason) bool {
	if reason.Code != messages.ReasonPeerClose {
		return false
	}
	switch code := reason.Wire.Code; code {
	case 1000, 1001, 1005, 1011, 1012, 1013, 1014:
		return false
	default:
		return code > 1000
	}
}

func (c *channel) flapping(last messages.Reason) messages.Reason {
	reason := messages.Because(messages.ReasonFlapping, "%d sessions in a row ended within %s of their login, each with %s",
		c.flaps.row.count, c.Flapping.Within, last)
	reason.Wire = last.Wire
	return reason
}

// outfought reports whether a takeover would only go on with a fight.
func (c *channel) outfought() bool {
	row := c.flaps.row
	return row != nil && row.count >= c.Flapping.End && time.Since(row.last) < c.Flapping.Within
}
