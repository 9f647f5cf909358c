package membership

import (
	"slices"

	"github.com/seed14814784/holdfast/messages"
)

// hotLoop looks for a way from a join back to itself that needs no delay, no
// proof of stability, no command and no change of the connection: a server
// could make us go round it as fast as it answers.
func (a *atlas) hotLoop() error {
	for _, start := range a.places {
		if !asking.Has(start.Status) {
			continue
		}
		visited := map[place]bool{}
		todo := []place{start}
		for len(todo) > 0 {
			from := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			for _, e := range a.edges[from] {
				_, connection := byConnection[e.kind]
				switch {
				case connection, slices.Contains(byUser, e.kind), e.kind == StableDue:
					continue
				case e.to.Status == messages.RoomWaiting, out.Has(e.to.Status), visited[e.to]:
					continue
				case e.to == start:
					return &breach{"no hot loop", from, e.kind, e.to}
				}
				visited[e.to] = true
				todo = append(todo, e.to)
			}
		}
	}
	return nil
}

// lockedOut looks for a place from which a server that says yes does not lead
// into the room: by itself where the room is wanted, and after one Join of the
// user where it is not.
func (a *atlas) lockedOut() error {
	for _, start := range a.places {
		asked := start.Want
		at := start
		for n := 0; at.Status != messages.RoomJoined; n++ {
			kind := kindly(at)
			if kind == Join && asked || n > len(messages.RoomStatuses()) {
				return &breach{"a wanted room is joined in the end", start, kind, at}
			}
			asked = asked || kind == Join
			i := slices.IndexFunc(a.edges[at], func(e edge) bool { return e.kind == kind })
			if i < 0 {
				return &breach{"a wanted room is joined in the end", start, kind, at}
			}
			at = a.edges[at][i].to
		}
	}
	return nil
}

// kindly is what happens next in a world that means well.
func kindly(p place) Kind {
	switch p.Status {
	case messages.RoomJoining, messages.RoomRejoining:
		return JoinOK
	case messages.RoomVerifying:
		return StillIn
	case messages.RoomWaiting:
		return RetryDue
	case messages.RoomInterrupted, messages.RoomSuspended:
		return ConnReady
	case messages.RoomLeaving:
		if p.Latch {
			return LeaveOK
		}
		return Join
	default:
		if p.Conn == ConnEnded {
			return ConnReopen
		}
		return Join
	}
}
