package golden

import (
	"errors"
	"fmt"
	"strings"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/actors/membership"
	"github.com/seed14814784/holdfast/messages"
)

// room is the room of a story.
type room struct {
	machine membership.Machine
	state   membership.State
	how     messages.JoinHow
}

// open gives the story a room with these policies.
func (s *story) open(policies []string) error {
	switch {
	case s.names == nil:
		return errors.New("what is spoken comes first")
	case s.room != nil || s.begun:
		return errors.New("a trace has one room, and it is there from the beginning")
	}
	s.room = &room{}
	for _, policy := range policies {
		switch policy {
		case "AutoRejoin":
			s.room.machine.Rejoin = messages.AutoRejoin
		case "StayOut":
			s.room.machine.Rejoin = messages.StayOut
		case "CreateIfMissing":
			s.room.machine.Missing = messages.CreateIfMissing
		default:
			return fmt.Errorf("there is no policy %q", policy)
		}
	}
	s.print("room %s", strings.Join(policies, " "))
	return nil
}

// happenInside steps the room through one event of its own.
func (s *story) happenInside(words []string) error {
	if s.room == nil {
		return errors.New("there is no room")
	}
	o, err := parse(words, membership.Kinds())
	if err != nil {
		return err
	}
	if o.how != nil {
		s.room.how = *o.how
	} else if o.kind == membership.Join {
		return errors.New("how= is how the room is joined")
	}
	s.print("> room %s", strings.Join(words, " "))
	s.move(membership.Event{Kind: o.kind, Reason: o.reason}, "")
	return nil
}

// follow tells the room what a step of the channel means for it. The room's
// observers hear of it before those of the channel do (Ably RTC10).
func (s *story) follow(prev, next lifecycle.State) {
	if s.room == nil {
		return
	}
	if kind, ok := consequence(prev, next); ok {
		s.move(membership.Event{Kind: kind}, kind.String()+": ")
	}
}

// consequence is what a step of the channel is for a room in it, as the channel
// actor has it.
func consequence(prev, next lifecycle.State) (membership.Kind, bool) {
	was, is := prev.Status, next.Status
	leaving := is == messages.Draining || is == messages.Closing
	switch {
	case was == is && prev.Long == next.Long:
		return 0, false
	case is == messages.Kicked || is == messages.Failed:
		return membership.ConnDead, true
	case is == messages.Closed:
		return membership.ConnClosed, true
	case was.Ended():
		return membership.ConnReopen, true
	case is == messages.Ready:
		return membership.ConnReady, true
	case was == messages.Ready && !leaving:
		return membership.ConnLost, true
	case (was == messages.Draining || was == messages.Closing) && !leaving:
		return membership.ConnLost, true
	case !prev.Long && next.Long:
		return membership.ConnSuspended, true
	}
	return 0, false
}

// move takes one step of the room and tells what is asked of the server and what
// an observer is told.
func (s *story) move(event membership.Event, cause string) {
	r := s.room
	event.At = s.tick()
	prev := r.state
	next, step, ok := r.machine.Step(prev, event)
	r.state = next
	switch {
	case !ok:
		s.print("  room %sno row", cause)
	case next.Status == prev.Status:
		s.print("  room %sstays %s %s", cause, next.Status, because(step.Reason))
	default:
		s.print("  room %s%s -> %s %s", cause, prev.Status, next.Status, because(step.Reason))
	}
	if step.Ask != membership.AskNothing {
		s.print("  room asks %s", question(step))
	}
	if step.Owes {
		s.print("  room owes a leave")
	}
	if next.Status == prev.Status {
		return
	}
	gap := step.Reason.Code == messages.ReasonRejoinedWithGap
	for _, line := range s.inside.hear(messages.RoomChanged{
		Prev: prev.Status, Cur: next.Status, How: r.how, Reason: step.Reason, Attempt: next.Attempt, RetryIn: step.Delay,
		Recovered: step.Reason.Code == messages.ReasonRecovered, Gap: gap, At: event.At,
	}) {
		s.print("  %s", line)
	}
}

func question(step membership.Step) string {
	what := step.Ask.String()
	if step.LeaveFirst {
		what = "leave, then " + what
	}
	if step.Create {
		what += " and create"
	}
	return what
}

// conclude sums the room up.
func (r *room) conclude() string {
	return fmt.Sprintf("room %s, %s, %s", r.state.Status, wish(r.state.Want), timers(r.state.Timers.String()))
}
