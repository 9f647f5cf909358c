package membership

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed14814784/holdfast/messages"
)

// The walk visits every state that any sequence of events can lead to, and
// tries in each of them every event that can happen there. What would make the
// states infinite is cut down: attempts stop counting at retries+1, and the
// clock stands still at noon.
const retries = 2

// place is one state of the walk. The server's side is played along: whether it
// may count us in, for all that we could know.
type place struct {
	State
	inside bool
}

func (p place) String() string {
	var facts []string
	for _, fact := range []struct {
		name string
		is   bool
	}{
		{"wanted", p.Want}, {"ghost", p.Ghost}, {"latch", p.Latch}, {"stable", p.Stable}, {"member", p.Member},
		{"created", p.Created}, {"out", !p.OutSince.IsZero()}, {"inside", p.inside},
	} {
		if fact.is {
			facts = append(facts, fact.name)
		}
	}
	return fmt.Sprintf("%s{%s; connection %s; attempt %d; timers %s}",
		p.Status, strings.Join(facts, ", "), p.Conn, p.Attempt, p.Timers)
}

// edge is one transition of the walk.
type edge struct {
	kind Kind
	step Step
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
	places []place // in the order they were found
	edges  map[place][]edge
}

// What can happen by itself is limited by what is there: a connection that is
// up can be lost, one that is down can come, only a server that is connected
// says anything, and only an armed timer runs out.
var (
	byConnection = map[Kind][]Conn{
		ConnLost:      {ConnUp},
		ConnReady:     {ConnDown, ConnLong},
		ConnSuspended: {ConnDown},
		ConnDead:      {ConnDown, ConnUp, ConnLong},
		ConnClosed:    {ConnDown, ConnUp, ConnLong},
		ConnReopen:    {ConnEnded},
	}
	byServer = []Kind{
		JoinOK, JoinNotExist, JoinDenied, JoinRetry, StillIn, NotIn, NoRoom,
		Detach, Evicted, Destroyed, Revoked, LeaveOK,
	}
	byUser = []Kind{Join, Leave}
)

func possible(p place, kind Kind) bool {
	if timer, ok := timerOf(kind); ok {
		return p.Timers.Has(timer)
	}
	if conns, ok := byConnection[kind]; ok {
		return slices.Contains(conns, p.Conn)
	}
	return slices.Contains(byUser, kind) || p.Conn == ConnUp
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

// walk explores a machine and stops at the first breach of an invariant.
func walk(m Machine) (*atlas, error) {
	seen, err := explore(m, check)
	if err == nil {
		err = seen.hotLoop()
	}
	if err == nil {
		err = seen.lockedOut()
	}
	return seen, err
}

// explore visits all that a machine can reach, up to the first transition that
// does not pass.
func explore(m Machine, pass func(m Machine, from place, kind Kind, step Step, to place) error) (*atlas, error) {
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
			if !possible(from, kind) {
				continue
			}
			event := Event{Kind: kind, At: noon}
			if fitting := rules.Fitting(from.Status, kind, &move{State: from.State, machine: m, event: event}); len(fitting) > 1 {
				return seen, &breach{"at most one row fits", from, kind, from}
			}
			next, step, ok := m.Step(from.State, event)
			if !ok {
				if !slices.Contains(byServer, kind) {
					return seen, &breach{"all but the server is always heard", from, kind, from}
				}
				if next != from.State {
					return seen, &breach{"no row, no change", from, kind, place{State: next}}
				}
				continue
			}
			to := serve(from, next, kind, step)
			if err := pass(m, from, kind, step, to); err != nil {
				return seen, err
			}
			seen.edges[from] = append(seen.edges[from], edge{kind, step, to})
			if !known[to] {
				known[to] = true
				seen.places = append(seen.places, to)
			}
		}
	}
	return seen, nil
}

// serve plays the server. It takes us out when it says so, or when it forgets
// the login; a join that was asked may have let us in, even if no answer comes.
// A leave that is owed is as good as told: the driver sees to it.
func serve(from place, next State, kind Kind, step Step) place {
	to := place{State: next, inside: from.inside}
	switch kind {
	case JoinNotExist, JoinDenied, JoinRetry, NotIn, NoRoom, Detach, Evicted, Destroyed, Revoked, LeaveOK, ConnDead, ConnClosed:
		to.inside = false
	case JoinOK, StillIn:
		to.inside = true
	}
	if step.LeaveFirst || step.Owes {
		to.inside = false
	}
	if step.Ask == AskJoin {
		to.inside = true
	}
	to.LastDelay = 0
	to.Attempt = min(to.Attempt, retries+1)
	return to
}

// size counts what the model counts: states without the server's side.
func (a *atlas) size() (states, transitions int) {
	distinct := map[State]int{}
	for _, at := range a.places {
		distinct[at.State] = len(a.edges[at])
	}
	for _, n := range distinct {
		transitions += n
	}
	return len(distinct), transitions
}

// arrows are the distinct changes of status.
func (a *atlas) arrows() map[[2]messages.RoomStatus]bool {
	arrows := map[[2]messages.RoomStatus]bool{}
	for from, edges := range a.edges {
		for _, e := range edges {
			if from.Status != e.to.Status {
				arrows[[2]messages.RoomStatus{from.Status, e.to.Status}] = true
			}
		}
	}
	return arrows
}
