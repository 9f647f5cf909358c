package membership

import (
	"maps"
	"testing"
	"time"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
)

// patient retries for ever; limited gives up after some retries.
var (
	patient = lifecycle.StrategyFunc(func(lifecycle.Failure) lifecycle.Verdict {
		return lifecycle.Verdict{Delay: time.Second}
	})
	limited = lifecycle.StrategyFunc(func(f lifecycle.Failure) lifecycle.Verdict {
		if f.Attempt > retries {
			return lifecycle.Verdict{GiveUp: messages.ReasonRetriesExhausted}
		}
		return lifecycle.Verdict{Delay: time.Second}
	})
)

// machines are the four policies with one strategy.
func machines(strategy lifecycle.Strategy) []Machine {
	var all []Machine
	for _, rejoin := range []messages.RejoinPolicy{messages.AutoRejoin, messages.StayOut} {
		for _, missing := range []messages.MissingPolicy{messages.AcceptMissing, messages.CreateIfMissing} {
			all = append(all, Machine{Strategy: strategy, Rejoin: rejoin, Missing: missing})
		}
	}
	return all
}

// everyWalk joins the walks of all policies, with and without an end of retries.
func everyWalk(t *testing.T) []*atlas {
	t.Helper()
	var all []*atlas
	for _, strategy := range []lifecycle.Strategy{patient, limited, nil} {
		for _, m := range machines(strategy) {
			seen, err := walk(m)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, seen)
		}
	}
	return all
}

func TestTableIsNumberedLikeTheReference(t *testing.T) {
	rows := Table()
	if len(rows) != 55 {
		t.Fatalf("%d rows, want 55", len(rows))
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

func TestEveryRowIsTakenAndLeadsWhereItSays(t *testing.T) {
	reached := map[int]Statuses{}
	for _, seen := range everyWalk(t) {
		for _, edges := range seen.edges {
			for _, e := range edges {
				reached[e.step.Row.Number] |= of(e.to.Status)
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

func TestEveryStatusIsReachedAndHasAWayOut(t *testing.T) {
	arrows := map[[2]messages.RoomStatus]bool{}
	for _, seen := range everyWalk(t) {
		maps.Copy(arrows, seen.arrows())
	}
	for _, status := range messages.RoomStatuses() {
		in, left := status == messages.RoomDetached, false
		for arrow := range arrows {
			in = in || arrow[1] == status
			left = left || arrow[0] == status
		}
		if !in || !left {
			t.Errorf("%s: reached %v, way out %v", status, in, left)
		}
	}
}

func TestLostIsReachedOnlyByThoseWhoStayOut(t *testing.T) {
	for _, m := range machines(limited) {
		seen, err := walk(m)
		if err != nil {
			t.Fatal(err)
		}
		lost := false
		for _, at := range seen.places {
			lost = lost || at.Status == messages.RoomLost
		}
		if lost != (m.Rejoin == messages.StayOut) {
			t.Errorf("rejoin policy %d: Lost is reached: %v", m.Rejoin, lost)
		}
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
		3:  "3 Detached, Lost, Gone, Kicked, Failed + Join [the channel has ended] -> same (819 ConnTerminal)",
		13: "13 Joining, Rejoining + JoinOK -> Joined (800 Joined)",
		38: "38 Waiting + T:retry [the policy joins again, or we never were in] -> Rejoining",
	} {
		if got := rows[number-1].String(); got != want {
			t.Errorf("row %d reads %q, want %q", number, got, want)
		}
	}
}
