package membership

import (
	"slices"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
)

// timerOfStatus is the one timer of each status that has one; Joined has one
// until it is stable.
var timerOfStatus = map[messages.RoomStatus]Timer{
	messages.RoomJoining:   TimerJoin,
	messages.RoomRejoining: TimerJoin,
	messages.RoomJoined:    TimerStable,
	messages.RoomVerifying: TimerVerify,
	messages.RoomWaiting:   TimerRetry,
	messages.RoomLeaving:   TimerLeave,
}

// askOfStatus is what the server is asked on the way into each status.
var askOfStatus = map[messages.RoomStatus]Ask{
	messages.RoomJoining:   AskJoin,
	messages.RoomRejoining: AskJoin,
	messages.RoomVerifying: AskVerify,
	messages.RoomLeaving:   AskLeave,
}

// wanting are the statuses in which the user wants to be in the room.
var wanting = active | offline

// rule is one invariant over a single transition.
type rule struct {
	name  string
	holds func(m Machine, from place, kind Kind, step Step, to place) bool
}

func expectedTimers(p place) Timers {
	timer, ok := timerOfStatus[p.Status]
	if !ok || p.Stable {
		return 0
	}
	return Timers(0).With(timer)
}

// reasons are what may end a wish that no user has taken back.
var reasons = []Kind{
	JoinNotExist, JoinDenied, NotIn, NoRoom, Detach, Evicted, Destroyed, Revoked, ConnDead, ConnClosed,
}

var invariants = []rule{
	{"exact timers", func(_ Machine, _ place, _ Kind, _ Step, to place) bool {
		return to.Timers == expectedTimers(to)
	}},
	{"a room under way has a connection", func(_ Machine, _ place, _ Kind, _ Step, to place) bool {
		return !(active | of(messages.RoomLeaving)).Has(to.Status) || to.Conn == ConnUp
	}},
	{"a room that waits for a connection has none", func(_ Machine, _ place, _ Kind, _ Step, to place) bool {
		return (to.Status != messages.RoomInterrupted || to.Conn == ConnDown) &&
			(to.Status != messages.RoomSuspended || to.Conn == ConnLong)
	}},
	{"a room under way is wanted", func(_ Machine, _ place, _ Kind, _ Step, to place) bool {
		return !wanting.Has(to.Status) || to.Want
	}},
	{"an ended room wants, knows and times nothing", func(_ Machine, _ place, _ Kind, _ Step, to place) bool {
		return !out.Has(to.Status) || to.State == State{Status: to.Status, Conn: to.Conn, Attempt: to.Attempt}
	}},
	{"a room that leaves is wanted only by a latch", func(_ Machine, _ place, _ Kind, _ Step, to place) bool {
		return to.Latch == (to.Status == messages.RoomLeaving && to.Want)
	}},
	{"only what is Joined is stable", func(_ Machine, _ place, _ Kind, _ Step, to place) bool {
		return !to.Stable || to.Status == messages.RoomJoined
	}},
	{"the outage is timed while the room is wanted and not Joined", func(_ Machine, _ place, _ Kind, _ Step, to place) bool {
		return !to.OutSince.IsZero() == (wanting.Has(to.Status) && to.Status != messages.RoomJoined)
	}},
	{"attempts are reset only by stability, by commands and by endings", func(_ Machine, from place, kind Kind, _ Step, to place) bool {
		return to.Attempt >= from.Attempt || kind == StableDue || kind == Join || kind == Leave || out.Has(to.Status) || from.Latch
	}},
	{"an ended status is left only by commands", func(_ Machine, from place, kind Kind, _ Step, to place) bool {
		return !ended.Has(from.Status) || to.Status == from.Status || kind == Join || kind == Leave
	}},
	{"Kicked is left only by Join", func(_ Machine, from place, kind Kind, _ Step, to place) bool {
		return from.Status != messages.RoomKicked || of(messages.RoomKicked, messages.RoomDetached).Has(to.Status) || kind == Join
	}},
	{"StayOut does not join by itself where we were in", func(m Machine, from place, kind Kind, step Step, _ place) bool {
		return m.Rejoin == messages.AutoRejoin || !from.Member || from.Latch || step.Ask != AskJoin ||
			kind == Join || asking.Has(from.Status)
	}},
	{"only the user wants", func(_ Machine, from place, kind Kind, _ Step, to place) bool {
		return from.Want || !to.Want || kind == Join
	}},
	{"Join is a wish to be in", func(_ Machine, from place, kind Kind, _ Step, to place) bool {
		return kind != Join || to.Want || from.Conn == ConnEnded
	}},
	{"Leave is a wish to be out", func(_ Machine, _ place, kind Kind, _ Step, to place) bool {
		return kind != Leave || !to.Want
	}},
	{"a wish ends only for a reason", func(_ Machine, from place, kind Kind, step Step, to place) bool {
		return !from.Want || to.Want || kind == Leave || slices.Contains(reasons, kind) || step.Counted
	}},
	{"only a documented target", func(_ Machine, from place, _ Kind, step Step, to place) bool {
		return step.Row.To.Has(to.Status) || step.Row.To == 0 && to.Status == from.Status
	}},
	{"a wait has a delay, nothing else has", func(_ Machine, from place, _ Kind, step Step, to place) bool {
		entered := to.Status == messages.RoomWaiting && from.Status != messages.RoomWaiting
		return entered == (step.Delay >= lifecycle.MinDelay) && (entered || step.Delay == 0)
	}},
	{"only what is armed is armed again", func(_ Machine, from place, _ Kind, step Step, to place) bool {
		return step.Rearm&^(from.Timers&to.Timers) == 0
	}},
	{"the server is asked on the way in, and again only to create", func(_ Machine, from place, kind Kind, step Step, to place) bool {
		if to.Status == from.Status && kind != JoinNotExist {
			return step.Ask == AskNothing && step.Rearm == 0
		}
		return step.Ask == askOfStatus[to.Status] && (to.Status != from.Status || step.Rearm == to.Timers)
	}},
	{"only the policy creates", func(m Machine, _ place, _ Kind, step Step, to place) bool {
		return step.Create == (step.Ask == AskJoin && to.Created) && (!step.Create || m.Missing == messages.CreateIfMissing)
	}},
	{"a ghost wherever the server may count us in", func(_ Machine, _ place, _ Kind, _ Step, to place) bool {
		return !to.inside || to.Ghost || out.Has(to.Status)
	}},
	{"the server is told before we forget", func(_ Machine, _ place, _ Kind, _ Step, to place) bool {
		return !out.Has(to.Status) || !to.inside
	}},
	{"a leave is owed only for a ghost, or if one got no answer", func(_ Machine, from place, _ Kind, step Step, to place) bool {
		return !step.Owes || out.Has(to.Status) && (from.Ghost || from.Status == messages.RoomLeaving)
	}},
	{"a ghost is undone before the next join", func(_ Machine, from place, kind Kind, step Step, _ place) bool {
		ghost := from.Status == messages.RoomWaiting && from.Ghost || kind == LeaveDue
		return step.LeaveFirst == (ghost && step.Ask == AskJoin)
	}},
	{"a failure is counted and waited for, or given up on", func(_ Machine, from place, _ Kind, step Step, to place) bool {
		raised := to.Attempt > from.Attempt || to.Attempt == retries+1 && from.Attempt == retries+1
		if !step.Counted {
			return to.Attempt <= from.Attempt && to.Status != messages.RoomWaiting || from.Status == messages.RoomWaiting
		}
		return raised && of(messages.RoomWaiting, messages.RoomFailed).Has(to.Status)
	}},
}

// check holds a transition against every invariant.
func check(m Machine, from place, kind Kind, step Step, to place) error {
	for _, rule := range invariants {
		if !rule.holds(m, from, kind, step, to) {
			return &breach{rule.name, from, kind, to}
		}
	}
	return nil
}
