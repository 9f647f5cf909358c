package membership

import (
	"errors"
	"slices"
	"testing"

	"github.com/seed14814784/holdfast/actors/table"
	"github.com/seed14814784/holdfast/messages"
)

// mutant is a copy of the table that can be changed.
type mutant struct{ rows []Row }

func newMutant(seed func(mutant)) *rules {
	m := mutant{rows: Table()}
	seed(m)
	return table.New(m.rows)
}

// bend adds something to what every row does, or only those for some kinds.
func (m mutant) bend(bug func(was State, now *move), kinds ...Kind) {
	for i := range m.rows {
		if len(kinds) > 0 && !slices.Contains(kinds, m.rows[i].On) {
			continue
		}
		act := m.rows[i].Act
		m.rows[i].Act = func(now *move) {
			was := now.State
			act(now)
			bug(was, now)
		}
	}
}

// replace gives a row another action, and lets it lead anywhere.
func (m mutant) replace(number int, act func(*move)) {
	m.rows[number-1].Act = act
	m.rows[number-1].To = of(messages.RoomStatuses()...)
}

// The mutants are bugs that real clients had. Each must be caught by the walk,
// by the invariant that says what is wrong.
func TestWalkCatchesEveryMutant(t *testing.T) {
	for name, test := range map[string]struct {
		seed     func(mutant)
		caughtBy string
	}{
		"a join resets the count": {func(m mutant) {
			m.bend(func(_ State, now *move) { now.Attempt = 0 }, JoinOK, StillIn)
		}, "attempts are reset only by stability, by commands and by endings"},
		"the join deadline outlives the join": {func(m mutant) {
			m.bend(func(_ State, now *move) { now.Timers = now.Timers.With(TimerJoin) }, JoinOK)
		}, "exact timers"},
		"the retry timer outlives the connection": {func(m mutant) {
			m.bend(func(was State, now *move) { now.Timers |= was.Timers & Timers(0).With(TimerRetry) }, ConnLost)
		}, "exact timers"},
		"an interruption forgets that we were in": {func(m mutant) {
			m.bend(func(_ State, now *move) { now.Ghost, now.Member = false, false }, ConnLost)
		}, "a ghost wherever the server may count us in"},
		"whoever was kicked comes back at the next connection": {func(m mutant) {
			m.bend(func(was State, now *move) {
				if was.Status == messages.RoomKicked {
					now.Want = true
					goJoin(messages.RoomRejoining)(now)
				}
			}, ConnReady)
		}, "an ended status is left only by commands"},
		"StayOut joins by itself after T1": {func(m mutant) {
			m.replace(23, goJoin(messages.RoomRejoining))
		}, "StayOut does not join by itself where we were in"},
		"StayOut joins by itself after a wait": {func(m mutant) {
			m.rows[37].Guard, m.rows[38].From = always, 0
		}, "StayOut does not join by itself where we were in"},
		"a second Join asks a second time": {func(m mutant) {
			m.replace(4, goJoin(messages.RoomJoining))
		}, "the server is asked on the way in, and again only to create"},
		"a leave while offline is never told": {func(m mutant) {
			m.replace(10, forget)
		}, "the server is told before we forget"},
		"an unanswered join is asked again as it is": {func(m mutant) {
			m.replace(38, goJoin(messages.RoomRejoining))
		}, "a ghost is undone before the next join"},
		"a leave in a wait does not tell the server": {func(m mutant) {
			m.replace(8, forget)
		}, "the server is told before we forget"},
		"an unanswered leave is forgotten": {func(m mutant) {
			m.replace(37, goDetached)
		}, "the server is told before we forget"},
		"Leave does not clear the latch": {func(m mutant) {
			m.replace(11, stay)
		}, "Leave is a wish to be out"},
		"join and detach take turns": {func(m mutant) {
			m.replace(30, goJoin(messages.RoomRejoining))
		}, "no hot loop"},
		"a room is created again and again": {func(m mutant) {
			m.replace(16, create)
		}, "no hot loop"},
		"a room that was in before is created although it may not": {func(m mutant) {
			m.rows[24].Guard, m.rows[23].Guard = doesNotRecreate, when("joins again", func(v *move) bool { return v.machine.rejoins() })
		}, "at most one row fits"},
		"a retry waits no time": {func(m mutant) {
			m.bend(func(_ State, now *move) { now.step.Delay = 0 }, JoinRetry)
		}, "a wait has a delay, nothing else has"},
		"a dead channel leaves its rooms waiting": {func(m mutant) {
			m.replace(50, func(now *move) { now.Conn = ConnEnded })
		}, "a room that waits for a connection has none"},
		"a room waits for a timer that nobody hears": {func(m mutant) {
			m.rows[25].From = 0
		}, "all but the server is always heard"},
	} {
		t.Run(name, func(t *testing.T) {
			var first *breach
			for _, m := range machines(patient) {
				m.rules = newMutant(test.seed)
				if _, err := walk(m); errors.As(err, &first) {
					break
				}
			}
			if first == nil {
				t.Fatal("the mutant lives")
			}
			if first.invariant != test.caughtBy {
				t.Errorf("caught by %q, want %q: %v", first.invariant, test.caughtBy, first)
			}
		})
	}
}

// asInTheModel undoes what our table does better than the model of the
// reference, so that the rest can be compared with it.
func asInTheModel(m mutant) {
	// In the model, being let in does not take back an earlier no.
	joined := func(now *move) {
		ghost := now.Ghost
		goJoined(now)
		now.Ghost = ghost
	}
	m.replace(13, joined)
	m.replace(21, joined)
	// It joins at once what was in and was refused since, even under StayOut.
	m.rows[42].Guard, m.rows[43].Guard = ghost, noGhost
	// It may create twice in a row, after a verify.
	m.replace(24, goJoin(messages.RoomRejoining))
	// A room that was given up or left remembers more of its life.
	m.bend(func(was State, now *move) {
		switch {
		case now.step.Counted && now.Status == messages.RoomFailed:
			now.Member, now.Created, now.Attempt = was.Member, was.Created && now.step.Row.Number != 16, min(was.Attempt, retries)+1
		case was.Latch && now.Want && now.Status != was.Status:
			now.Created = was.Created
		}
	})
}

func TestWalkFindsWhatTheModelFinds(t *testing.T) {
	type policy struct {
		rejoin  messages.RejoinPolicy
		missing messages.MissingPolicy
	}
	type size struct{ states, transitions int }
	want := map[policy]size{
		{messages.StayOut, messages.AcceptMissing}:      {106, 829},
		{messages.StayOut, messages.CreateIfMissing}:    {184, 1485},
		{messages.AutoRejoin, messages.AcceptMissing}:   {90, 691},
		{messages.AutoRejoin, messages.CreateIfMissing}: {160, 1267},
	}
	for _, m := range machines(limited) {
		m.rules = newMutant(asInTheModel)
		seen, err := explore(m, func(Machine, place, Kind, Step, place) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		states, transitions := seen.size()
		if got, want := (size{states, transitions}), want[policy{m.Rejoin, m.Missing}]; got != want {
			t.Errorf("rejoin %v, missing %v: %+v, the model has %+v", m.Rejoin, m.Missing, got, want)
		}
	}
}
