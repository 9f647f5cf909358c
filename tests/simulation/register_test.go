package simulation

import (
	"slices"
	"sync"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// register is the book of one channel's rooms: what their user wants, what
// observers are told of them, what their handlers hear.
//
// # When a publication may be missing
//
// A room that is joined hears everything from where its join says that it goes
// on. If it was in before, it also hears what was said while it was out; unless
// the event of its join tells of a gap. So whenever a handler hears b after a,
// everything between the two may be missing only if a join that was the first
// of a life, or told of a gap, went on exactly at b-1.
type register struct {
	mu      sync.Mutex
	rooms   map[messages.RoomID]*tenancy
	seq     uint64
	settles settling
	settled int
	wrongs  []complaint
}

func newRegister(specs []messages.RoomSpec) *register {
	r := &register{rooms: map[messages.RoomID]*tenancy{}}
	for _, spec := range specs {
		r.rooms[spec.ID] = &tenancy{spec: spec, fresh: true}
	}
	return r
}

func (r *register) wrong(room messages.RoomID, format string, args ...any) {
	c := wrongly(time.Now(), format, args...)
	c.room = room
	r.wrongs = append(r.wrongs, c)
}

// want notes the user's wish, before it is told to the channel.
func (r *register) want(is bool, rooms ...messages.RoomID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, room := range rooms {
		r.rooms[room].wanted, r.rooms[room].since = is, time.Now()
	}
}

// wantedStill notes that a room is wanted after several wishes at once: it may have
// ended between two of them, but not after the last.
func (r *register) wantedStill(room messages.RoomID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t := r.rooms[room]; !t.status.Ended() {
		t.wanted = true
	}
}

func (r *register) wants(room messages.RoomID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.rooms[room].wanted
}

// ended reports whether a room has ended and was not left.
func (r *register) ended(room messages.RoomID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	status := r.rooms[room].status
	return status.Ended() && status != messages.RoomDetached
}

// hears books what a handler is given.
func (r *register) hears(m messages.Received) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.rooms[m.Room]
	t.heard = append(t.heard, m)
}

func (r *register) hearsGap(g messages.Gap) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.rooms[g.Room]
	t.gaps = append(t.gaps, g)
}

// note books an event of the channel.
func (r *register) note(event messages.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch e := event.(type) {
	case messages.StatusChanged:
		if e.Cur == messages.Ready {
			r.overdue()
			r.ready(e)
		}
	case messages.RoomChanged:
		r.changed(e)
	case messages.RoomsSettled:
		e.At = time.Time{}
		if !r.settles.due || e != r.settles.sum {
			r.wrong("", "settled: %+v; due %v: the rooms' events say %+v", e, r.settles.due, r.settles.sum)
		}
		r.settles.due = false
		r.settled++
	}
}

func (r *register) changed(e messages.RoomChanged) {
	r.overdue()
	t := r.rooms[e.Room]
	if e.Seq != r.seq+1 || e.Prev != t.status || e.Cur == e.Prev {
		r.wrong(e.Room, "%v is number %d after %s at number %d", e, e.Seq, t.status, r.seq)
	}
	r.seq, t.status = e.Seq, e.Cur
	switch {
	case e.Cur == messages.RoomJoined:
		if !t.wanted && e.At.After(t.since) {
			r.wrong(e.Room, "%v, and nobody wants it", e)
		}
		if t.fresh && e.Gap || !t.fresh && e.Gap == e.Recovered {
			r.wrong(e.Room, "%v, and it begins a life: %v", e, t.fresh)
		}
		t.joins, t.begins = append(t.joins, e), append(t.begins, t.fresh)
		t.fresh = false
	case e.Cur == messages.RoomLeaving || e.Cur == messages.RoomDetached:
		if t.wanted && e.At.After(t.since) {
			r.wrong(e.Room, "%v, and it is wanted", e)
		}
		t.fresh = true
	case e.Cur.Ended():
		t.ends, t.wanted = append(t.ends, e), false
	}
	r.settle(e)
}

// verdict closes the book of channel i against the halls.
func (r *register) verdict(i int, halls *halls) []complaint {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.overdue()
	ids := make([]messages.RoomID, 0, len(r.rooms))
	for id := range r.rooms {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		t, h := r.rooms[id], halls.by[id]
		for _, wrong := range slices.Concat(t.position(i, h), t.continuity(h), t.truth(i, h), t.endings(i, h)) {
			wrong.room = id
			r.wrongs = append(r.wrongs, wrong)
		}
	}
	return r.wrongs
}
