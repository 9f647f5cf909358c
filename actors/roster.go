package actors

import (
	"sync/atomic"
	"time"

	"github.com/seed14814784/holdfast/actors/membership"
	"github.com/seed14814784/holdfast/messages"
)

// roster is what a channel knows of its rooms, apart from the actor that drives
// them: which are wanted, where each stands, which leaves are owed. It survives
// the actor's restarts and the channel's. It belongs to the rooms actor's
// goroutine; a new one starts only when the old one is gone.
type roster struct {
	rooms  map[messages.RoomID]*room
	joined uint64    // rooms that were ever added: their order
	seq    uint64    // of the last RoomChanged
	tick   uint64    // number of the last question
	pace   time.Time // when, at the full rate, all that was asked would have been asked
	dawn
	owed    uint64 // leaves that were ever owed: their order
	debts   map[messages.RoomID]*debt
	settles settles // of the connection
	leaving bool    // the channel drains: it is told when the server counts us in nowhere

	ending atomic.Pointer[messages.Reason] // why the channel is being stopped: set by it, before its children are
}

// dawn is how the connection stands when the rooms actor starts, which is told of
// later changes. Until then, the channel keeps it.
type dawn struct {
	line *connection // the connection that is Ready, or nil
	conn membership.Conn
}

// room is one room of a channel.
type room struct {
	*lane
	state    membership.State
	machine  membership.Machine
	order    uint64
	reason   messages.Reason
	since    time.Time
	retryAt  time.Time
	number   uint64         // of the last question, or of the leave that made it void
	ask      membership.Ask // what the last question is; AskNothing once it is answered
	create   bool           // the question creates the room
	leave    bool           // a leave goes before the question
	sent     bool           // the question is with the connection
	haunted  bool           // the server may have counted us in before the question
	from     messages.Position
	settling bool            // counted in the settling of this connection
	gap      bool            // at the last join
	refresh  bool            // the room's token was refused, or has expired
	fetching atomic.Bool     // its callback has not returned
	secret   messages.Secret // what the callback answered last

	queued  int       // place in the queue of questions, from 1; 0: it is not there
	asked   bool      // the question has left, and counts in the window
	due     time.Time // of the state's timer; zero: none runs
	renewAt time.Time // of its token
	expires time.Time // its token
	alarm   int       // place among the alarms, from 1; 0: it has none
}

// portrait is the room's snapshot.
func (r *room) portrait(channel messages.ChannelID, seq uint64) *messages.RoomSnapshot {
	return &messages.RoomSnapshot{
		Channel: channel, Room: r.id, Seq: seq, Status: r.state.Status, Reason: r.reason, Since: r.since,
		Attempt: r.state.Attempt, RetryAt: r.retryAt, Position: r.where(),
	}
}

// Room is a room's state as observers were last told, with its position and its
// place in the outbox as they are now; false if the channel has no such room.
func (r *Record) Room(id messages.RoomID) (messages.RoomSnapshot, bool) {
	w := r.lanes.find(id)
	if w == nil || w.snapshot.Load() == nil {
		return messages.RoomSnapshot{Channel: r.Channel, Room: id}, false
	}
	s := *w.snapshot.Load()
	s.Position, s.Waiting = w.where(), r.outbox.roomDepth(id)
	return s, true
}

// RoomStatus is where a room stands, and why; Detached if the channel has no such
// room. It may be called while an event is being published.
func (r *Record) RoomStatus(id messages.RoomID) (messages.RoomStatus, messages.Reason) {
	if w := r.lanes.find(id); w != nil {
		if s := w.snapshot.Load(); s != nil {
			return s.Status, s.Reason
		}
	}
	return messages.RoomDetached, messages.Reason{}
}

// RoomSnapshots are the states of all rooms as observers were last told, in no
// particular order. It may be called while an event is being published.
func (r *Record) RoomSnapshots() []messages.RoomSnapshot {
	var all []messages.RoomSnapshot
	for _, w := range r.lanes.all() {
		if s := w.snapshot.Load(); s != nil {
			all = append(all, *s)
		}
	}
	return all
}
