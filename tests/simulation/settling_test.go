package simulation

import "github.com/seed14814784/holdfast/messages"

// settling is what the rooms of a connection have come to.
type settling struct {
	rooms map[messages.RoomID]bool // without an answer
	stale map[messages.RoomID]bool // that do not know yet that the connection before is gone
	begun bool                     // the rooms know of this one
	sum   messages.RoomsSettled
	due   bool
}

// overdue finds a settling that should have been told before whatever comes now.
func (r *register) overdue() {
	if r.settles.due {
		r.wrong("", "all rooms of a connection had their answer and nobody said so: %+v", r.settles.sum)
		r.settles.due = false
	}
}

// ready begins the settling of those that are wanted when the channel is Ready.
// A connection can be replaced in no time; then the rooms hear of the loss
// of the old one after observers hear of the new one.
func (r *register) ready(e messages.StatusChanged) {
	r.settles = settling{
		rooms: map[messages.RoomID]bool{}, stale: map[messages.RoomID]bool{},
		sum: messages.RoomsSettled{Channel: e.Channel, Epoch: e.Epoch},
	}
	for room, t := range r.rooms {
		switch {
		case t.status == messages.RoomInterrupted || t.status == messages.RoomSuspended:
			r.settles.rooms[room] = true
		case !t.status.Ended():
			r.settles.stale[room] = true
		}
	}
}

// settle counts the first answer of a room of this connection.
func (r *register) settle(e messages.RoomChanged) {
	s := &r.settles
	if e.Cur == messages.RoomInterrupted && s.begun {
		*s = settling{begun: true} // the connection is lost: nobody settles any more
		return
	}
	if s.stale[e.Room] && e.Cur != messages.RoomInterrupted {
		if e.Cur.Ended() {
			delete(s.stale, e.Room)
		}
		return
	}
	switch e.Cur {
	case messages.RoomInterrupted, messages.RoomSuspended:
		if s.rooms != nil {
			delete(s.stale, e.Room)
			s.rooms[e.Room] = true
		}
		return
	case messages.RoomJoining, messages.RoomVerifying, messages.RoomRejoining:
		s.begun = true
		return
	default:
	}
	if !s.rooms[e.Room] {
		return
	}
	if !s.begun {
		delete(s.rooms, e.Room) // left before the rooms knew of the connection
		return
	}
	switch e.Cur {
	case messages.RoomJoined:
		s.sum.OK++
		if e.Gap {
			s.sum.Gap++
		}
	case messages.RoomLeaving, messages.RoomDetached:
	default:
		s.sum.Failed++
	}
	delete(s.rooms, e.Room)
	s.due = len(s.rooms) == 0
}
