package lifecycle

import (
	"slices"

	"github.com/seed14814784/holdfast/messages"
)

// timersOf is the exact timer set of each status, apart from those that depend
// on more than the status.
var timersOf = map[messages.Status]Timers{
	messages.Preparing:      Timers(0).With(TimerPrepare),
	messages.Dialing:        Timers(0).With(TimerDial),
	messages.Authenticating: Timers(0).With(TimerAuth),
	messages.Syncing:        Timers(0).With(TimerSync, TimerLiveness, TimerPing),
	messages.Ready:          Timers(0).With(TimerLiveness, TimerPing, TimerRotate),
	messages.Backoff:        Timers(0).With(TimerBackoff),
	messages.Suspended:      Timers(0).With(TimerBackoff),
	messages.Draining:       Timers(0).With(TimerDrain, TimerLiveness, TimerPing),
	messages.Closing:        Timers(0).With(TimerClose),
}

// expectedTimers is the timer set that belongs to a place. The outage is the
// one timer that says something by being there or not: it runs in statuses that
// want to be up and are not, until it runs out.
func expectedTimers(p place) Timers {
	timers := timersOf[p.Status]
	if p.Status == messages.Ready && !p.Stable {
		timers = timers.With(TimerStable)
	}
	if p.Status == messages.Held && p.NetworkDown && !p.Paused {
		timers = timers.With(TimerProbe)
	}
	if wanted.Has(p.Status) && p.Status != messages.Ready && !p.Long {
		timers = timers.With(TimerOutage)
	}
	return timers
}

// rule is one invariant over a single transition.
type rule struct {
	name  string
	holds func(from place, kind Kind, step Step, to place) bool
}

var invariants = []rule{
	{"exact timers", func(_ place, _ Kind, _ Step, to place) bool {
		return to.Timers == expectedTimers(to)
	}},
	{"a transport exactly where the status has one", func(_ place, _ Kind, _ Step, to place) bool {
		return to.transport == to.HasTransport()
	}},
	{"an operation in flight exactly where the status has one", func(_ place, _ Kind, _ Step, to place) bool {
		return to.inFlight == to.InFlight()
	}},
	{"a step disposes only of what is there", func(from place, _ Kind, step Step, _ place) bool {
		return !step.Dispose || from.transport || from.inFlight
	}},
	{"Degraded is what missed its Syncing and goes on", func(from place, kind Kind, step Step, to place) bool {
		return step.Degraded == (kind == SyncDue && to.Status == messages.Ready)
	}},
	{"an ended status wants, holds and times nothing", func(_ place, _ Kind, _ Step, to place) bool {
		return !ended.Has(to.Status) || !to.Up && !to.Long && !to.Reopen && to.Timers == 0
	}},
	{"the wish to be up", func(_ place, _ Kind, _ Step, to place) bool {
		return !wanted.Has(to.Status) || to.Up
	}},
	{"nothing tries or waits while held", func(_ place, _ Kind, _ Step, to place) bool {
		return !wanted.Has(to.Status) || to.Status == messages.Ready || to.Status == messages.Held || !to.Held()
	}},
	{"Held has a hold", func(_ place, _ Kind, _ Step, to place) bool {
		return to.Status != messages.Held || to.Held()
	}},
	{"Ready ends the outage and the rejections", func(_ place, _ Kind, _ Step, to place) bool {
		return to.Status != messages.Ready || !to.Long && to.AuthFailures == 0
	}},
	{"Suspended exactly when long", func(_ place, _ Kind, _ Step, to place) bool {
		return to.Long && to.Status != messages.Backoff || !to.Long && to.Status != messages.Suspended
	}},
	{"attempts are reset only by stability and by commands", func(from place, kind Kind, _ Step, to place) bool {
		return to.Attempt >= from.Attempt ||
			slices.Contains([]Kind{StableDue, Connect, ConnectTakeover, NetworkUp, Resume}, kind) ||
			from.Reopen && slices.Contains([]Kind{Lost, CloseDue, LivenessDue}, kind)
	}},
	{"Kicked is left only by takeover", func(from place, kind Kind, _ Step, to place) bool {
		return from.Status != messages.Kicked || to.Status == messages.Kicked || kind == ConnectTakeover
	}},
	{"an ended status is left only by Connect", func(from place, kind Kind, _ Step, to place) bool {
		return !ended.Has(from.Status) || to.Status == from.Status || kind == Connect || kind == ConnectTakeover
	}},
	{"only a documented target", func(from place, _ Kind, step Step, to place) bool {
		return step.Row.To.Has(to.Status) || step.Row.To == 0 && to.Status == from.Status
	}},
	{"a wait has a delay, nothing else has", func(from place, _ Kind, step Step, to place) bool {
		entered := waiting.Has(to.Status) && (to.Status != from.Status || step.Rearm.Has(TimerBackoff))
		return entered == (step.Delay >= MinDelay) && (entered || step.Delay == 0)
	}},
	{"only what is armed is armed again", func(from place, _ Kind, step Step, to place) bool {
		return step.Rearm&^(from.Timers&to.Timers) == 0
	}},
	{"an update moves nothing", func(from place, _ Kind, step Step, to place) bool {
		return !step.Updated || from.Status == to.Status
	}},
	{"what is counted is not free, what is free is not counted", func(from place, _ Kind, step Step, to place) bool {
		return step.Counted == (to.Attempt > from.Attempt) || step.Counted && from.Attempt == retries+1
	}},
	{"a hold is named by the reason", func(from place, _ Kind, step Step, to place) bool {
		if to.Status != messages.Held || from.Status == messages.Held {
			return true
		}
		return step.Reason.Code == messages.ReasonPaused && to.Paused ||
			step.Reason.Code == messages.ReasonNetworkDown && !to.Paused
	}},
}

// check holds a transition against every invariant.
func check(from place, kind Kind, step Step, to place) error {
	for _, rule := range invariants {
		if !rule.holds(from, kind, step, to) {
			return &breach{rule.name, from, kind, to}
		}
	}
	return nil
}
