package actors

import (
	"errors"

	"github.com/seed14814784/holdfast/actors/membership"
	"github.com/seed14814784/holdfast/messages"
)

// command runs what a user asked for and answers.
func (a *rooms) command(m *roomCommand) {
	defer func() {
		if v := recover(); v != nil {
			m.answer(messages.Reply{Err: a.refusal("command", messages.Because(messages.ReasonActorPanic, "%v", v))})
			panic(v)
		}
	}()
	switch c := m.command.(type) {
	case messages.Join:
		m.answer(messages.Reply{Err: a.join("join", c.Room)})
	case messages.Leave:
		if r := a.roster.rooms[c.Room]; r != nil { // one that nobody knows is left already
			a.depart(r, messages.Reason{Code: messages.ReasonUserLeave})
		}
		m.answer(messages.Reply{})
	case messages.LeaveAll:
		for _, r := range a.inOrder() {
			a.depart(r, messages.Reason{Code: messages.ReasonUserLeave})
		}
		m.answer(messages.Reply{})
	case messages.Switch:
		m.answer(messages.Reply{Err: a.exchange(c)})
	case messages.GetRooms:
		m.answer(messages.Rooms{Rooms: a.portraits()})
	case messages.Drain:
		a.roster.leaving = true
		a.each(membership.Event{Kind: membership.Leave, Reason: messages.Reason{Code: messages.ReasonDrain}})
	}
}

func (a *rooms) portraits() []messages.RoomSnapshot {
	var all []messages.RoomSnapshot
	for _, r := range a.inOrder() {
		if s, ok := a.Room(r.id); ok {
			all = append(all, s)
		}
	}
	return all
}

func (a *rooms) refusal(op string, reason messages.Reason, under ...error) error {
	return &messages.Error{Op: op, Channel: a.Channel, Reason: reason, Err: errors.Join(under...)}
}

// join notes the wish to be in a room.
func (a *rooms) join(op string, spec messages.RoomSpec) error {
	if err := a.joinable(op, spec, len(a.roster.rooms)); err != nil {
		return err
	}
	a.enter(spec)
	return nil
}

// joinable says why a room cannot be wanted, if it cannot, beside so many others.
func (a *rooms) joinable(op string, spec messages.RoomSpec, others int) error {
	r := a.roster.rooms[spec.ID]
	switch {
	case a.roster.conn == membership.ConnEnded:
		return a.refusal(op, messages.Because(messages.ReasonConnTerminal, "the channel has ended; connect it before room %q is joined", string(spec.ID)), messages.ReasonNotConnected)
	case r == nil && others >= a.Settings.Rooms.Rooms:
		return a.refusal(op, messages.Because(messages.ReasonRoomLimit, "the channel has %d rooms already, and its limit is %d; leave some, or raise Rooms.Rooms", others, a.Settings.Rooms.Rooms))
	case r != nil && r.state.Want && !alike(r.lane.spec, spec):
		return a.refusal(op, messages.Because(messages.ReasonConflict, "room %q is wanted with another policy or priority; leave it first", string(spec.ID)))
	}
	return nil
}

// enter wants a room from now on.
func (a *rooms) enter(spec messages.RoomSpec) {
	r := a.roster.rooms[spec.ID]
	switch {
	case r == nil:
		r = a.add(spec)
	case !r.state.Want: // another life
		a.lanes.put(spec)
		r.machine = a.machineOf(spec)
	}
	a.outbox.admitRoom(spec.ID)
	a.apply(r, membership.Event{Kind: membership.Join})
}

func (a *rooms) add(spec messages.RoomSpec) *room {
	a.roster.joined++
	r := &room{lane: a.lanes.put(spec), machine: a.machineOf(spec), order: a.roster.joined}
	r.state.Conn = a.roster.conn
	if a.roster.rooms == nil {
		a.roster.rooms = map[messages.RoomID]*room{}
	}
	a.roster.rooms[spec.ID] = r
	return r
}

func (a *rooms) machineOf(spec messages.RoomSpec) membership.Machine {
	return membership.Machine{Strategy: a.RoomStrategy(spec.Policy), Rejoin: spec.Policy.Rejoin, Missing: spec.Policy.Missing}
}

// alike reports whether a room that is wanted may stand in for a specification
// of it. Functions cannot be compared; two of them are taken for the same.
func alike(a, b messages.RoomSpec) bool {
	return a.Policy == b.Policy && a.Priority == b.Priority &&
		(a.Handler == nil) == (b.Handler == nil) && (a.Gap == nil) == (b.Gap == nil) && (a.Token == nil) == (b.Token == nil)
}

// depart wants a room no longer, and what waits for its handler is not heard.
func (a *rooms) depart(r *room, reason messages.Reason) {
	a.apply(r, membership.Event{Kind: membership.Leave, Reason: reason})
	r.hush() // now that nothing comes after it
}

// exchange leaves one room for another. The leave is asked first, but nothing is
// left for a room that cannot be joined.
func (a *rooms) exchange(c messages.Switch) error {
	c.To.How = messages.HowSwitch
	if c.From == c.To.ID {
		return a.refusal("switch", messages.Because(messages.ReasonInvalidSpec, "both rooms are %q; there is nothing to switch", string(c.From)))
	}
	others, from := len(a.roster.rooms), a.roster.rooms[c.From]
	if from != nil {
		others-- // its place is free for the other
	}
	if err := a.joinable("switch", c.To, others); err != nil {
		return err
	}
	if from != nil {
		a.depart(from, messages.Because(messages.ReasonSwitched, "room %q takes its place", string(c.To.ID)))
	}
	a.enter(c.To)
	return nil
}

// CheckRoom says what is wrong with a room's specification, for a protocol whose
// room IDs have at most idBytes bytes.
func CheckRoom(spec messages.RoomSpec, idBytes int) error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, &messages.Error{Op: "join", Reason: messages.Because(messages.ReasonInvalidSpec, format, args...)})
	}
	if spec.ID == "" {
		bad("the room's ID is empty; name the room")
	}
	if idBytes > 0 && len(spec.ID) > idBytes {
		bad("the room's ID has %d bytes, the protocol takes %d", len(spec.ID), idBytes)
	}
	if spec.How > messages.HowSwitch {
		bad("How is %d; use HowJoin, HowCreate, HowEnter or HowSwitch", spec.How)
	}
	if p := spec.Policy; p.Rejoin > messages.StayOut || p.Missing > messages.CreateIfMissing || p.OnGap > messages.FailOnGap {
		bad("the policy %+v has a value that does not exist", p)
	}
	if spec.Policy.MaxRetries < 0 {
		bad("MaxRetries is %d; 0 means for ever", spec.Policy.MaxRetries)
	}
	if spec.Policy.OnGap == messages.CallOnGap && spec.Gap == nil {
		bad("the policy is CallOnGap, and Gap is nil; set the function to be called")
	}
	return errors.Join(errs...)
}
