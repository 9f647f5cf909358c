package lifecycle

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// The walk visits every state that any sequence of events can lead to, and
// tries every event in each of them. What would make the states infinite is
// cut down: attempts stop counting at retries+1, clocks and epochs stand still.
const (
	retries    = 3
	rejections = 2
)

// place is one state of the walk. The driver's side of the bargain is played
// along: a connection and an operation in flight that begin with the statuses
// and end only when a step says Dispose, or by themselves.
type place struct {
	State
	transport, inFlight bool
}

func (p place) String() string {
	var facts []string
	for _, fact := range []struct {
		name string
		is   bool
	}{
		{"up", p.Up}, {"network down", p.NetworkDown}, {"paused", p.Paused}, {"refreshed", p.Refreshed},
		{"stable", p.Stable}, {"long", p.Long}, {"reopen", p.Reopen}, {"transport", p.transport}, {"in flight", p.inFlight},
	} {
		if fact.is {
			facts = append(facts, fact.name)
		}
	}
	return fmt.Sprintf("%s{%s; attempt %d, rejected %d; timers %s}",
		p.Status, strings.Join(facts, ", "), p.Attempt, p.AuthFailures, p.Timers)
}

// edge is one transition of the walk.
type edge struct {
	kind Kind
	row  *Row
	to   place
}

// breach says which invariant does not hold, and where.
type breach struct {
	invariant string
	from      place
	kind      Kind
	to        place
}

func (b *breach) Error() string {
	return fmt.Sprintf("%s: %s + %s -> %s", b.invariant, b.from, b.kind, b.to)
}

// atlas is everything a walk has seen.
type atlas struct {
	places      []place // in the order they were found
	edges       map[place][]edge
	transitions int
}

// walk explores a machine and stops at the first breach of an invariant.
func walk(m Machine, giveUp messages.Code) (*atlas, error) {
	rules := m.rules
	if rules == nil {
		rules = house
	}
	start := place{}
	seen := &atlas{places: []place{start}, edges: map[place][]edge{}}
	known := map[place]bool{start: true}
	for i := 0; i < len(seen.places); i++ {
		from := seen.places[i]
		for _, kind := range Kinds() {
			if timer, ok := timerOf(kind); ok && !from.Timers.Has(timer) {
				continue // only an armed timer runs out
			}
			event := Event{Kind: kind, GiveUp: giveUp}
			if fitting := rules.Fitting(from.Status, kind, &move{State: from.State, machine: m, event: event}); len(fitting) > 1 {
				return seen, &breach{"at most one row fits", from, kind, from}
			}
			next, step, ok := m.Step(from.State, event)
			if !ok {
				if timer, is := timerOf(kind); is {
					return seen, &breach{"an armed timer has a row: " + timer.String(), from, kind, from}
				}
				if next != from.State {
					return seen, &breach{"no row, no change", from, kind, place{State: next}}
				}
				continue
			}
			to := drive(from, next, step)
			if err := check(from, kind, step, to); err != nil {
				return seen, err
			}
			seen.transitions++
			seen.edges[from] = append(seen.edges[from], edge{kind, step.Row, to})
			if !known[to] {
				known[to] = true
				seen.places = append(seen.places, to)
			}
		}
	}
	if err := seen.hotLoop(); err != nil {
		return seen, err
	}
	return seen, seen.stranded()
}

// drive plays the driver: it does to the connection what the step asks for.
func drive(from place, next State, step Step) place {
	to := place{State: next, transport: from.transport, inFlight: from.inFlight}
	if step.Dispose {
		to.transport, to.inFlight = false, false
	}
	switch step.Row.On {
	case Admitted:
		to.inFlight = true // the address is asked for
	case Dialed:
		to.transport, to.inFlight = true, false
	case CredStale:
		if next.Status == messages.Preparing {
			to.inFlight = true
		}
	}
	to.Epoch, to.OutageSince, to.LastDelay = 0, time.Time{}, 0
	to.Attempt = min(to.Attempt, retries+1)
	return to
}

// timerOf is the timer whose running out an event tells of.
func timerOf(kind Kind) (Timer, bool) {
	for timer := range TimerCount {
		if "T:"+timer.String() == kind.String() {
			return timer, true
		}
	}
	return 0, false
}

// stops are the statuses in which time passes, or a user has to do something,
// before anything dials again.
var stops = waiting | ended | of(messages.Held, messages.Idle)

// userKinds are what a person, a host or a supervisor asks for.
var userKinds = []Kind{
	Connect, ConnectTakeover, Disconnect, Drain, Drop, ForceReconnect, Pause, Resume,
	NetworkUp, NetworkDown, ProbeOK, Panic, Stop,
}

// hotLoop looks for a way from one dial to the next without a delay, a proof of
// stability or a command.
func (a *atlas) hotLoop() error {
	for _, start := range a.places {
		if start.Status != messages.Queued {
			continue
		}
		visited := map[place]bool{}
		todo := []place{start}
		for len(todo) > 0 {
			from := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			for _, e := range a.edges[from] {
				switch {
				case stops.Has(e.to.Status), e.to == from, visited[e.to]:
					continue
				case slices.Contains(userKinds, e.kind), e.kind == StableDue:
					continue
				case from.Status == messages.Queued && e.kind != Admitted:
					continue // still the same dial
				case e.to.Status == messages.Queued:
					return &breach{"no hot loop", from, e.kind, e.to}
				}
				visited[e.to] = true
				todo = append(todo, e.to)
			}
		}
	}
	return nil
}

// stranded looks for a place from which Ready cannot be reached.
func (a *atlas) stranded() error {
	before := map[place][]place{}
	good := map[place]bool{}
	var todo []place
	for _, from := range a.places {
		if from.Status == messages.Ready {
			good[from] = true
			todo = append(todo, from)
		}
		for _, e := range a.edges[from] {
			before[e.to] = append(before[e.to], from)
		}
	}
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, from := range before[at] {
			if !good[from] {
				good[from] = true
				todo = append(todo, from)
			}
		}
	}
	for _, at := range a.places {
		if !good[at] {
			return &breach{"Ready can be reached from everywhere", at, Connect, at}
		}
	}
	return nil
}

// arrows are the distinct changes of status, staying included, as the model
// counts them.
func (a *atlas) arrows() map[[2]messages.Status]bool {
	arrows := map[[2]messages.Status]bool{}
	for from, edges := range a.edges {
		for _, e := range edges {
			arrows[[2]messages.Status{from.Status, e.to.Status}] = true
		}
	}
	return arrows
}
