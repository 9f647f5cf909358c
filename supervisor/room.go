package supervisor

import (
	"context"
	"fmt"
	"slices"

	"github.com/seed14814784/holdfast/messages"
)

// RoomSpec says what a room is; see [messages.RoomSpec].
type RoomSpec = messages.RoomSpec

// Room is the handle of one room of a channel. Like that of a channel it is safe
// for concurrent use and stays valid: a room that was left and joined again is
// the same room.
type Room struct {
	channel *Channel
	id      messages.RoomID
}

// ID is the room's name.
func (r *Room) ID() messages.RoomID { return r.id }

// Channel is the channel that the room is in.
func (r *Room) Channel() *Channel { return r.channel }

// String names the channel, the room and its status.
func (r *Room) String() string {
	return string(r.channel.ID()) + "/" + string(r.id) + " is " + r.Snapshot().Status.String()
}

// Snapshot is what the room knows about itself; it never blocks. A room that was
// left is Detached, and nothing else is known of it.
func (r *Room) Snapshot() messages.RoomSnapshot {
	s, _ := r.channel.record.Room(r.id)
	return s
}

// Send puts a message for the room into the channel's outbox and returns its
// receipt at once. It leaves when the room is joined, after those that were
// accepted for the room before.
//
// Errors: those of [Channel.Send], and ReasonNotInRoom for a room that is
// neither joined nor about to be.
func (r *Room) Send(ctx context.Context, message messages.Message) (*Receipt, error) {
	return r.channel.Send(ctx, message.In(r.id))
}

// Leave wants the room no longer. It returns when the wish is noted: nothing is
// delivered any more, also of what had come already, except for a call of the
// handler that is running; and what was not sent fails. A leave needs no connection;
// what the server has to be told is told when there is one.
func (r *Room) Leave(ctx context.Context) error { return r.channel.Leave(ctx, r.id) }

// Wait blocks until the room is in one of the statuses, RoomJoined if none is
// named. A status that was passed through while waiting counts.
//
// Errors: the room's reason when it has ended otherwise, ReasonNotInRoom when it
// was left before, ReasonNoSuchChannel when the channel was closed, and ctx's error
// when that ends first.
func (r *Room) Wait(ctx context.Context, statuses ...messages.RoomStatus) (messages.RoomSnapshot, error) {
	if len(statuses) == 0 {
		statuses = []messages.RoomStatus{messages.RoomJoined}
	}
	w := &roomWaiter{room: r.id, wanted: slices.Clone(statuses), result: make(chan roomResult, 1)}
	r.channel.house().bus.awaitRoom(r.channel.ID(), w, func() (messages.RoomStatus, messages.Reason) { return r.channel.record.RoomStatus(r.id) })
	defer r.channel.house().bus.forgetRoom(r.channel.ID(), w)
	select {
	case result := <-w.result:
		return r.arrived(result)
	case <-ctx.Done():
		return r.Snapshot(), ctx.Err()
	case <-r.channel.record.Ended():
		select {
		case result := <-w.result: // it got there before the channel ended
			return r.arrived(result)
		default:
			return r.Snapshot(), r.channel.noSuchChannel("wait")
		}
	}
}

func (r *Room) arrived(result roomResult) (messages.RoomSnapshot, error) {
	switch {
	case !result.ended:
		return r.Snapshot(), nil
	case result.reason.IsZero() && r.channel.gone():
		return r.Snapshot(), r.channel.noSuchChannel("wait")
	case result.reason.IsZero(): // nothing is known of a room that was left
		result.reason = messages.Because(messages.ReasonNotInRoom, "the room was left, or never joined; join it first")
	}
	return r.Snapshot(), &messages.Error{Op: fmt.Sprintf("wait for room %q", string(r.id)), Channel: r.channel.ID(), Reason: result.reason}
}

// Join wants a room: now, and again after every interruption, until it is left.
// It returns when the wish is noted; Wait waits until the room is joined. A room
// that is wanted already is given back as it is, and one that waits for its next
// attempt is asked for at once. Rooms may be joined before the channel is up.
//
// Errors: ReasonInvalidSpec for an empty or too long ID or a policy that will
// not do, ReasonNotSupported if the protocol has no rooms, ReasonConflict for a
// room that is wanted with another policy, ReasonRoomLimit, and
// ReasonConnTerminal (also ReasonNotConnected) when the channel has ended or is
// about to.
func (c *Channel) Join(ctx context.Context, spec RoomSpec) (*Room, error) {
	if err := c.command(ctx, "join", messages.Join{Room: spec}); err != nil {
		return nil, err
	}
	return &Room{c, spec.ID}, nil
}

// Leave wants a room no longer, see [Room.Leave]. A room that nobody joined is
// left already.
func (c *Channel) Leave(ctx context.Context, room messages.RoomID) error {
	return c.command(ctx, "leave", messages.Leave{Room: room})
}

// LeaveAll leaves every room.
func (c *Channel) LeaveAll(ctx context.Context) error {
	return c.command(ctx, "leave all", messages.LeaveAll{})
}

// Switch leaves one room and joins another in its place. When the server refuses
// that, the first one stays left. The errors are those of Join; with one of
// them nothing is left.
func (c *Channel) Switch(ctx context.Context, from messages.RoomID, to RoomSpec) (*Room, error) {
	if err := c.command(ctx, "switch", messages.Switch{From: from, To: to}); err != nil {
		return nil, err
	}
	return &Room{c, to.ID}, nil
}

// Rooms gives a handle for every room that the channel knows: those that are
// wanted, and those that ended and were not left. They are in no particular
// order. It never blocks.
func (c *Channel) Rooms() []*Room {
	var all []*Room
	for _, s := range c.record.RoomSnapshots() {
		all = append(all, &Room{c, s.Room})
	}
	return all
}

// Room gives the handle of a room that the channel knows.
func (c *Channel) Room(id messages.RoomID) (*Room, bool) {
	if _, ok := c.record.Room(id); !ok {
		return nil, false
	}
	return &Room{c, id}, true
}
