package actors

import (
	"slices"

	"github.com/seed14814784/holdfast/messages"
)

// The messages of a room leave while the room is joined, and wait while it is
// not. They share the outbox with all others, but one room that is not joined
// for long must not fill it: each has a share of its own.

// roomShare is what the outbox knows of one life of a room. Its messages keep it:
// what is left of them when the room is joined again is not of the new life.
type roomShare struct {
	open  bool // its messages may leave
	over  bool // what no connection has written does not leave any more
	count int  // of its messages without an outcome
}

// admitRoom accepts messages for a room, to be sent when it opens.
func (o *outbox) admitRoom(id messages.RoomID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.rooms == nil {
		o.rooms = map[messages.RoomID]*roomShare{}
	}
	if o.rooms[id] == nil {
		o.rooms[id] = &roomShare{}
	}
}

// openRoom lets a room's messages leave.
func (o *outbox) openRoom(id messages.RoomID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if share := o.rooms[id]; share != nil {
		share.open = true
	}
}

// closeRoom holds a room's messages back. Those that a connection has not begun to
// write are taken from it again, in their place before all that wait.
func (o *outbox) closeRoom(id messages.RoomID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	share := o.rooms[id]
	if share == nil || !share.open {
		return
	}
	share.open = false
	var back []*parcel
	o.handed = slices.DeleteFunc(o.handed, func(p *parcel) bool {
		if p.share != share || p.begun {
			return false
		}
		back = append(back, p)
		return true
	})
	o.waiting = append(back, o.waiting...)
}

// dropRoom refuses messages for a room from now on, and gives up those that no
// connection has begun to write.
func (o *outbox) dropRoom(id messages.RoomID, reason messages.Reason) {
	o.closeRoom(id)
	o.leaveRoom(id, reason)
}

// leaveRoom refuses messages for a room from now on, and gives up those that wait.
// What a connection has was handed over before the leave, and is written before it.
func (o *outbox) leaveRoom(id messages.RoomID, reason messages.Reason) {
	o.mu.Lock()
	share := o.rooms[id]
	if share == nil {
		o.mu.Unlock()
		return
	}
	share.open, share.over = false, true
	delete(o.rooms, id)
	var verdicts []verdict
	o.waiting = slices.DeleteFunc(o.waiting, func(p *parcel) bool {
		if p.share != share {
			return false
		}
		verdicts = append(verdicts, o.leave(p, messages.ResultFailed, reason))
		return true
	})
	o.mu.Unlock()
	o.tell(verdicts...)
}

// roomDepth is how many messages of a room have no outcome.
func (o *outbox) roomDepth(id messages.RoomID) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	if share := o.rooms[id]; share != nil {
		return share.count
	}
	return 0
}

// heldBack reports whether a message waits for its room.
func (o *outbox) heldBack(p *parcel) bool { return p.share != nil && !p.share.open }

// weigh counts a message for its room.
func (o *outbox) weigh(p *parcel, change int) {
	if p.share != nil {
		p.share.count += change
	}
}

// stranger says why a room's message is not taken, if it is not.
func (o *outbox) stranger(id messages.RoomID) messages.Reason {
	if id == "" || o.rooms[id] != nil {
		return messages.Reason{}
	}
	return messages.Because(messages.ReasonNotInRoom, "room %q is not joined and not about to be; join it first", string(id))
}
