package lifecycle

import (
	"maps"
	"testing"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// patient retries for ever; limited gives up after some retries. These are the
// two policies of the model.
var (
	patient = StrategyFunc(func(Failure) Verdict { return Verdict{Delay: time.Second} })
	limited = StrategyFunc(func(f Failure) Verdict {
		if f.Attempt > retries {
			return Verdict{GiveUp: messages.ReasonRetriesExhausted}
		}
		return Verdict{Delay: time.Second}
	})
	// moody uses everything a strategy can say.
	moody = StrategyFunc(func(f Failure) Verdict {
		switch {
		case f.Suspended && f.Attempt == 1:
			return Verdict{GiveUp: messages.ReasonRetryTimeExhausted}
		case f.Attempt == 2:
			return Verdict{Suspend: true}
		}
		return Verdict{Delay: -time.Second}
	})
)

func TestTableIsNumberedLikeTheReference(t *testing.T) {
	rows := Table()
	if len(rows) != 81 {
		t.Fatalf("%d rows, want 81", len(rows))
	}
	for i, row := range rows {
		if row.Number != i+1 {
			t.Errorf("row at %d has number %d", i+1, row.Number)
		}
		if row.From == 0 || row.Note == "" || row.Act == nil {
			t.Errorf("row is incomplete: %s", row)
		}
	}
}

// The numbers are those that the executable model prints for the same walk,
// but for eight states: where the model fails for want of retries it keeps the
// note that credentials were refreshed, under 4 combinations of holds and 2
// counts of rejections. We end every life in one function, which clears the
// note. In Failed there are 11 rows, hence 88 transitions fewer.
func TestWalkFindsWhatTheModelFinds(t *testing.T) {
	type size struct{ states, transitions, edges int }
	for name, test := range map[string]struct {
		strategy Strategy
		sync     SyncPolicy
		want     size
	}{
		"a strategy that never gives up": {patient, SyncRequired, size{796, 11676, 88}},
		"a strategy with max retries":    {limited, SyncRequired, size{796 - 8, 11664 - 88, 91}},
		"a sync at best effort":          {patient, SyncBestEffort, size{796, 11676, 88}},
	} {
		t.Run(name, func(t *testing.T) {
			seen, err := walk(Machine{Strategy: test.strategy, AuthThreshold: rejections, Sync: test.sync}, 0)
			if err != nil {
				t.Fatal(err)
			}
			got := size{len(seen.places), seen.transitions, len(seen.arrows())}
			if got != test.want {
				t.Errorf("walk found %+v, the model %+v", got, test.want)
			}
		})
	}
}

// everyWalk joins the walks of all policies, with and without a budget outside
// the strategy that is spent.
func everyWalk(t *testing.T) []*atlas {
	t.Helper()
	var all []*atlas
	for _, strategy := range []Strategy{patient, limited, moody, nil} {
		for _, giveUp := range []messages.Code{messages.ReasonOK, messages.ReasonRestartIntensity} {
			for _, sync := range []SyncPolicy{SyncRequired, SyncBestEffort} {
				seen, err := walk(Machine{Strategy: strategy, AuthThreshold: rejections, Sync: sync}, giveUp)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, seen)
			}
		}
	}
	return all
}

func TestEveryRowIsTakenAndLeadsWhereItSays(t *testing.T) {
	reached := map[int]Statuses{}
	for _, seen := range everyWalk(t) {
		for _, edges := range seen.edges {
			for _, e := range edges {
				reached[e.row.Number] |= of(e.to.Status)
			}
		}
	}
	for _, row := range Table() {
		if reached[row.Number] == 0 {
			t.Errorf("never taken: %s", row)
		}
		if missing := row.To &^ reached[row.Number]; missing != 0 {
			t.Errorf("never led to %s: %s", missing, row)
		}
	}
}

func TestEveryStatusHasANameIsReachedAndHasAWayOut(t *testing.T) {
	arrows := map[[2]messages.Status]bool{}
	for _, seen := range everyWalk(t) {
		maps.Copy(arrows, seen.arrows())
	}
	names := map[string]bool{}
	for _, status := range messages.Statuses() {
		in, out := status == messages.Idle, false
		for arrow := range arrows {
			in = in || arrow[1] == status && arrow[0] != status
			out = out || arrow[0] == status && arrow[1] != status
		}
		if !in || !out || names[status.String()] {
			t.Errorf("%s: reached %v, way out %v, name taken %v", status, in, out, names[status.String()])
		}
		names[status.String()] = true
	}
}

func TestEveryKindHasANameAndARow(t *testing.T) {
	asked := map[Kind]bool{}
	for _, row := range Table() {
		asked[row.On] = true
	}
	names := map[string]bool{}
	for _, kind := range Kinds() {
		if kind.String() == "" || names[kind.String()] || !asked[kind] {
			t.Errorf("kind %d: name %q, taken %v, in the table %v", kind, kind, names[kind.String()], asked[kind])
		}
		names[kind.String()] = true
	}
}

func TestRowReadsAsOneLine(t *testing.T) {
	rows := Table()
	for number, want := range map[int]string{
		3:  "3 Kicked + Connect -> same (600 KickedOtherDevice)",
		24: "24 Held + Resume [no hold remains] -> Queued (107 Resumed)",
		75: "75 Suspended + T:backoff -> Queued",
	} {
		if got := rows[number-1].String(); got != want {
			t.Errorf("row %d reads %q, want %q", number, got, want)
		}
	}
}
