package simulation

import (
	"fmt"
	"slices"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// tenancy is one room of a channel.
type tenancy struct {
	spec   messages.RoomSpec
	wanted bool
	since  time.Time // when the user last changed it
	status messages.RoomStatus
	fresh  bool // the next join begins a life
	joins  []messages.RoomChanged
	begins []bool // which of them began a life
	ends   []messages.RoomChanged
	heard  []messages.Received
	gaps   []messages.Gap // that the Gap function was called with
}

// complaint is something that is wrong with a room, or with all of a channel's,
// and when it was.
type complaint struct {
	room messages.RoomID
	at   time.Time
	text string
}

func wrongly(at time.Time, format string, args ...any) complaint {
	return complaint{at: at, text: fmt.Sprintf(format, args...)}
}

// position is what is wrong with where the room stands at the end.
func (t *tenancy) position(i int, h *hall) (wrongs []complaint) {
	inside := h.guests[i] != nil
	switch {
	case t.wanted && (t.status != messages.RoomJoined || !inside):
		wrongs = append(wrongs, wrongly(time.Now(), "it is wanted, %s, and the server counts us in: %v", t.status, inside))
	case !t.wanted && inside:
		wrongs = append(wrongs, wrongly(time.Now(), "a ghost: it is %s, and the server counts us in with ticket %s", t.status, h.guests[i].ticket))
	case !t.wanted && !t.status.Ended():
		wrongs = append(wrongs, wrongly(time.Now(), "it is not wanted, and %s", t.status))
	}
	if t.wanted && (len(t.heard) == 0 || h.number(t.heard[len(t.heard)-1].Position) != h.said) {
		wrongs = append(wrongs, wrongly(time.Now(), "it heard %d messages and not the last one, number %d", len(t.heard), h.said))
	}
	return wrongs
}

// continuity is what is wrong with what was heard.
func (t *tenancy) continuity(h *hall) (wrongs []complaint) {
	starts := map[int]bool{}
	for n, e := range t.joins {
		if t.begins[n] || e.Gap {
			starts[h.number(e.Position)] = true
		}
	}
	last := -1
	for _, m := range t.heard {
		number := 0
		_, _ = fmt.Sscan(string(m.Data), &number)
		switch {
		case h.number(m.Position) != number:
			wrongs = append(wrongs, wrongly(m.At, "%q came at %v", m.Data, m.Position))
		case number <= last:
			wrongs = append(wrongs, wrongly(m.At, "heard %d after %d", number, last))
		case number != last+1 && !starts[number-1]:
			wrongs = append(wrongs, wrongly(m.At, "heard %d after %d, and no join went on there", number, last))
		}
		last = number
	}
	return wrongs
}

// truth is what is wrong with the gaps that were told: each is one that the
// server made, and the Gap function was called for each if that is the policy.
func (t *tenancy) truth(i int, h *hall) (wrongs []complaint) {
	var told []messages.Position
	for _, e := range t.joins {
		if !e.Gap {
			continue
		}
		told = append(told, e.Position)
		if !h.breaks[i][h.number(e.Position)] {
			wrongs = append(wrongs, wrongly(e.At, "%v at %v, where the server could recover", e, e.Position))
		}
		if t.spec.Policy.OnGap == messages.FailOnGap {
			wrongs = append(wrongs, wrongly(e.At, "%v, and its policy accepts no gap", e))
		}
	}
	var called []messages.Position
	for _, g := range t.gaps {
		called = append(called, g.Before)
		if h.number(g.After) > h.number(g.Before) {
			wrongs = append(wrongs, wrongly(time.Now(), "a gap from %v to %v", g.After, g.Before))
		}
	}
	if t.spec.Policy.OnGap == messages.CallOnGap && !slices.Equal(told, called) {
		wrongs = append(wrongs, wrongly(time.Now(), "told of gaps before %v, called with %v", told, called))
	}
	return wrongs
}

// endings is what is wrong with the ends that were told: each has a cause that
// the server gave, or the room's policy.
func (t *tenancy) endings(i int, h *hall) (wrongs []complaint) {
	kicked := 0
	for _, e := range t.ends {
		told, policy := h.told[i], t.spec.Policy
		ok := false
		switch {
		case e.Cur == messages.RoomKicked:
			kicked++
			ok = kicked <= told["EVICTED"]
		case e.Cur == messages.RoomGone:
			ok = told["DESTROYED"]+told["NONE"] > 0
		case e.Cur == messages.RoomLost:
			ok = policy.Rejoin == messages.StayOut && told["NOTIN"]+told["DETACHED"] > 0
		case e.Reason.Code == messages.ReasonHistoryLost:
			ok = policy.OnGap == messages.FailOnGap && len(h.breaks[i]) > 0
		case e.Reason.Code == messages.ReasonRetriesExhausted:
			ok = policy.MaxRetries > 0
		case e.Reason.Code == messages.ReasonJoinRejected:
			ok = told["DENIED"]+told["REVOKED"] > 0
		case e.Reason.Code == messages.ReasonPermissionRevoked:
			ok = told["REVOKED"] > 0
		}
		if !ok {
			wrongs = append(wrongs, wrongly(e.At, "%v: the server said %v, the policy is %+v", e, told, policy))
		}
	}
	return wrongs
}
