package lifecycle

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/seed14814784/holdfast/actors/table"
	"github.com/seed14814784/holdfast/messages"
)

// mutant is a copy of the table with a bug in it.
type mutant struct{ rows []Row }

// bend adds a bug to what every row does, or only those for some kinds.
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
	m.rows[number-1].To = everyStatus
}

func (m mutant) entering(status messages.Status, bug func(was State, now *move), kinds ...Kind) {
	m.bend(func(was State, now *move) {
		if was.Status != status && now.Status == status {
			bug(was, now)
		}
	}, kinds...)
}

// The mutants are those of the model, seeded into our table: bugs that real
// clients had. Each must be caught by the walk, by the invariant that says what
// is wrong.
func TestWalkCatchesEveryMutant(t *testing.T) {
	for name, test := range map[string]struct {
		seed     func(mutant)
		caughtBy string
	}{
		"attempts are reset by a login": {func(m mutant) {
			m.entering(messages.Syncing, func(_ State, now *move) { now.Attempt = 0 })
		}, "attempts are reset only by stability and by commands"},
		"attempts are reset by Ready": {func(m mutant) {
			m.entering(messages.Ready, func(_ State, now *move) { now.Attempt = 0 })
		}, "attempts are reset only by stability and by commands"},
		"Connect in Backoff leaks the backoff timer": {func(m mutant) {
			m.replace(6, func(now *move) { now.Status = messages.Queued })
		}, "exact timers"},
		"the auth deadline outlives the login": {func(m mutant) {
			m.entering(messages.Ready, func(was State, now *move) {
				now.Timers |= was.Timers & Timers(0).With(TimerAuth, TimerSync)
			})
		}, "exact timers"},
		"a kicked channel still wants to be up": {func(m mutant) {
			m.entering(messages.Kicked, func(was State, now *move) { now.Up = was.Up })
		}, "an ended status wants, holds and times nothing"},
		"Closing ends in a reconnect nobody asked for": {func(m mutant) {
			m.entering(messages.Closed, func(_ State, now *move) { goQueue(now) }, Lost, CloseDue, LivenessDue)
		}, "the wish to be up"},
		"the socket is kept when an attempt ends": {func(m mutant) {
			m.bend(func(was State, now *move) { now.step.Dispose = now.step.Dispose && was.InFlight() })
		}, "a transport exactly where the status has one"},
		"Backoff although paused": {func(m mutant) {
			m.bend(func(_ State, now *move) {
				if now.Status == messages.Held && now.step.Counted {
					now.cancel(TimerProbe)
					consult(now, false)
				}
			})
		}, "nothing tries or waits while held"},
		"a second Connect starts a second attempt": {func(m mutant) {
			m.replace(5, func(now *move) { now.Status = messages.Queued })
		}, "exact timers"},
		"expired credentials right after the login are free": {func(m mutant) {
			m.replace(70, refresh(goQueue))
		}, "no hot loop"},
		"a go-away to a fresh connection is free": {func(m mutant) {
			m.replace(56, planned(goQueue))
		}, "no hot loop"},
		"held on a hint for ever": {func(m mutant) {
			m.bend(func(_ State, now *move) { now.cancel(TimerProbe) })
		}, "exact timers"},
		"a plain Connect leaves Kicked": {func(m mutant) {
			m.replace(3, func(now *move) { now.Up = true; goQueue(now) })
		}, "Kicked is left only by takeover"},
		"the outage timer runs on in Ready": {func(m mutant) {
			m.entering(messages.Ready, func(was State, now *move) {
				now.Timers |= was.Timers & Timers(0).With(TimerOutage)
			})
		}, "exact timers"},
	} {
		t.Run(name, func(t *testing.T) {
			m := mutant{rows: Table()}
			test.seed(m)
			_, err := walk(Machine{Strategy: patient, AuthThreshold: rejections, rules: table.New(m.rows)}, 0)
			var caught *breach
			if !errors.As(err, &caught) {
				t.Fatalf("the mutant lives: %v", err)
			}
			if !strings.HasPrefix(caught.invariant, test.caughtBy) {
				t.Errorf("caught by %q, want %q: %v", caught.invariant, test.caughtBy, err)
			}
		})
	}
}

// A table that is wrong as a table is caught too.
func TestWalkCatchesABrokenTable(t *testing.T) {
	for name, test := range map[string]struct {
		seed     func(mutant)
		caughtBy string
	}{
		"two rows for one case": {func(m mutant) {
			m.rows[23].Guard = always // Resume with another hold: 23 and 24
		}, "at most one row fits"},
		"a timer that nobody hears": {func(m mutant) {
			m.rows[41].From = 0 // the dial deadline
		}, "an armed timer has a row: dial"},
		"a row that leads elsewhere than it says": {func(m mutant) {
			m.rows[46].To = of(messages.Kicked)
		}, "only a documented target"},
		"a status without a way up": {func(m mutant) {
			m.rows[51].From, m.rows[48].From = 0, 0 // nothing leads to Ready
		}, "Ready can be reached from everywhere"},
	} {
		t.Run(name, func(t *testing.T) {
			m := mutant{rows: Table()}
			test.seed(m)
			_, err := walk(Machine{Strategy: patient, AuthThreshold: rejections, rules: table.New(m.rows)}, 0)
			var caught *breach
			if !errors.As(err, &caught) || caught.invariant != test.caughtBy {
				t.Errorf("caught as %v, want %q", err, test.caughtBy)
			}
		})
	}
}
