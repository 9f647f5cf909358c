package actors

import (
	"fmt"
	"time"

	"github.com/seed14814784/holdfast/actors/membership"
	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// heard takes what the server said about a room. An answer to a question that is
// void, or from a connection that is gone, is dropped: what it says was true of
// something that is not any more.
func (a *rooms) heard(m *roomNews) {
	if m.from == a.roster.line && a.paid(m.ticket, m.news.Kind) {
		return
	}
	r := a.roster.rooms[m.ticket.Room]
	if r == nil || m.from != a.roster.line || m.ticket.Number != r.number {
		a.stale.Add(1)
		return
	}
	if m.news.Kind == transport.RoomRenewed {
		a.renewIn(r, m.news.TTL)
		return
	}
	if r.asked {
		r.asked = false
		a.agenda.flight--
	}
	if m.news.Kind == transport.RoomJoined {
		a.granted(r, m.news)
		return
	}
	kind, ok := meanings[m.news.Kind][aspectOf(r.state.Status)]
	if !ok {
		a.stale.Add(1)
		return
	}
	r.refresh = r.refresh || m.news.Reason.Code == messages.ReasonRoomTokenExpired
	a.apply(r, membership.Event{Kind: kind, Reason: m.news.Reason})
}

// aspect is how far a room has come, for what news about it means.
type aspect uint8

const (
	idle aspect = iota
	joining
	verifying
	inside
	outgoing
)

func aspectOf(status messages.RoomStatus) aspect {
	switch status {
	case messages.RoomJoining, messages.RoomRejoining:
		return joining
	case messages.RoomVerifying:
		return verifying
	case messages.RoomJoined:
		return inside
	case messages.RoomLeaving:
		return outgoing
	default:
		return idle
	}
}

// meanings is the event of each kind of news.
var meanings = map[transport.RoomKind]map[aspect]membership.Kind{
	transport.RoomLeft:      {outgoing: membership.LeaveOK, inside: membership.Detach},
	transport.RoomNotExist:  {joining: membership.JoinNotExist, verifying: membership.NoRoom, inside: membership.Destroyed, outgoing: membership.LeaveOK},
	transport.RoomDenied:    {joining: membership.JoinDenied, verifying: membership.Revoked, inside: membership.Revoked},
	transport.RoomRetry:     {joining: membership.JoinRetry, verifying: membership.VerifyDue, inside: membership.Detach},
	transport.RoomNotIn:     {joining: membership.JoinRetry, verifying: membership.NotIn, inside: membership.Detach, outgoing: membership.LeaveOK},
	transport.RoomDetached:  {joining: membership.Detach, verifying: membership.Detach, inside: membership.Detach, outgoing: membership.LeaveOK},
	transport.RoomEvicted:   {joining: membership.Evicted, verifying: membership.Evicted, inside: membership.Evicted, outgoing: membership.Evicted, idle: membership.Evicted},
	transport.RoomDestroyed: {joining: membership.Destroyed, verifying: membership.Destroyed, inside: membership.Destroyed, outgoing: membership.Destroyed, idle: membership.Destroyed},
	transport.RoomRevoked:   {joining: membership.JoinDenied, verifying: membership.Revoked, inside: membership.Revoked},
}

// granted takes the news that we are in. Something may be missing if we had been
// in before, or knew where to go on, and the server does not say that nothing
// is; or if more came during the join than could be held back.
func (a *rooms) granted(r *room, news transport.RoomNews) {
	how := aspectOf(r.state.Status)
	if how != joining && how != verifying {
		a.stale.Add(1)
		return
	}
	before := r.state.Member || !r.from.IsZero()
	r.gap = !r.complete() || before && !continues(r.from, news)
	r.refresh = false
	event := membership.Event{Kind: membership.JoinOK}
	switch {
	case r.gap && r.lane.spec.Policy.OnGap == messages.FailOnGap:
		a.refuseGap(r, how)
		return
	case r.gap:
		event.Reason = messages.Because(messages.ReasonRejoinedWithGap, "the room's history goes on %s", after(r.from, news.Position))
	case before:
		event.Reason.Code = messages.ReasonRecovered
	default: // it begins with what comes, also if the server has counted us in before
		event.Reason.Code = messages.ReasonJoined
	}
	if how == verifying {
		event.Kind = membership.StillIn
	}
	a.apply(r, event)
	a.renewIn(r, news.TTL)
}

// continues reports whether a join goes on where we stopped. A history of the same
// epoch that is shorter than it was does not, whatever the server says: what comes
// next has offsets that were there before.
func continues(from messages.Position, news transport.RoomNews) bool {
	to := news.Position
	return news.Recovered && (to.IsZero() || to.Epoch != from.Epoch || to.Offset >= from.Offset)
}

// renewIn renews the token of a joined room some time before it ends.
func (a *rooms) renewIn(r *room, ttl time.Duration) {
	if ttl > 0 && r.lane.spec.Token != nil && r.state.Status == messages.RoomJoined {
		now := time.Now()
		r.expires, r.renewAt = now.Add(ttl), now.Add(time.Duration(float64(ttl)*(0.8+0.1*a.Random())))
		a.alarms.fix(r)
	}
}

func after(from, to messages.Position) string {
	switch {
	case from.IsZero() || to.IsZero():
		return "where nobody can tell"
	case from.Epoch != to.Epoch:
		return fmt.Sprintf("in another epoch: it was %q, it is %q", from.Epoch, to.Epoch)
	}
	return fmt.Sprintf("at offset %d, after %d", to.Offset, from.Offset)
}

// refuseGap ends a room whose policy does not accept a gap. The server has let us
// in, so it is told that we leave.
func (a *rooms) refuseGap(r *room, how aspect) {
	kind := membership.JoinDenied
	if how == verifying {
		kind = membership.Revoked
	}
	a.apply(r, membership.Event{Kind: kind, Reason: messages.Because(messages.ReasonHistoryLost, "the server could not continue where we stopped, and the room's policy accepts no gap")})
	a.pay(r.id)
}
