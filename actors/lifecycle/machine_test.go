package lifecycle

import (
	"testing"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// run steps a machine through events and fails the test where there is no row.
func run(t *testing.T, m Machine, s State, events ...Event) (State, Step) {
	t.Helper()
	var step Step
	for _, event := range events {
		next, taken, ok := m.Step(s, event)
		if !ok {
			t.Fatalf("no row for %s in %s", event.Kind, s.Status)
		}
		s, step = next, taken
	}
	return s, step
}

func on(kinds ...Kind) []Event {
	events := make([]Event, len(kinds))
	for i, kind := range kinds {
		events[i] = Event{Kind: kind, At: noon}
	}
	return events
}

var loginKinds = []Kind{Admitted, Prepared, Dialed, AuthOK, SyncDone}

func ready(t *testing.T, m Machine) State {
	t.Helper()
	s, _ := run(t, m, State{}, on(Connect)...)
	s, _ = run(t, m, s, on(loginKinds...)...)
	return s
}

func TestEventWithoutARowChangesNothing(t *testing.T) {
	s := ready(t, Machine{})
	for _, kind := range []Kind{Admitted, Dialed, BackoffDue, kindCount, kindCount + 1} {
		next, step, ok := Machine{}.Step(s, Event{Kind: kind, At: noon})
		if ok || next != s || step != (Step{}) {
			t.Errorf("%s in Ready: %v %+v", kind, ok, step)
		}
	}
	if _, _, ok := (Machine{}).Step(State{Status: 200}, Event{}); ok {
		t.Error("an unknown status has a row")
	}
}

func TestWhatThisMachineLacksIsNotCounted(t *testing.T) {
	limited := Machine{Strategy: StrategyFunc(func(f Failure) Verdict {
		if f.Attempt > 0 {
			return Verdict{GiveUp: messages.ReasonRetriesExhausted}
		}
		return Verdict{Delay: time.Second}
	})}
	for code, want := range map[messages.Code]messages.Status{
		messages.ReasonFDLimit:             messages.Backoff,
		messages.ReasonLocalPortsExhausted: messages.Backoff,
		messages.ReasonLocalAddress:        messages.Backoff,
		messages.ReasonRefused:             messages.Failed,
	} {
		s, _ := run(t, limited, State{}, on(Connect, Admitted, Prepared)...)
		s, step := run(t, limited, s, Event{Kind: DialFailed, At: noon, Reason: messages.Reason{Code: code}})
		if s.Status != want || step.Counted != (want == messages.Failed) || s.Attempt > 0 != step.Counted {
			t.Errorf("%s: %s, attempt %d", code, s.Status, s.Attempt)
		}
	}
}

func TestStrategyIsToldWhatHappened(t *testing.T) {
	var asked Failure
	m := Machine{Strategy: StrategyFunc(func(f Failure) Verdict {
		asked = f
		return Verdict{Delay: 3 * time.Second}
	})}
	eof := messages.Reason{Code: messages.ReasonReadEOF, Detail: "after 5 frames"}
	for name, test := range map[string]struct {
		events []Event
		want   Failure
	}{
		"a connection that was not stable": {
			[]Event{{Kind: Lost, At: noon, Reason: eof}},
			Failure{Attempt: 1, Reason: eof},
		},
		"a stable connection": {
			[]Event{{Kind: StableDue}, {Kind: Lost, At: noon, Reason: eof}},
			Failure{Reason: eof, Stable: true},
		},
		"a drop on request": {
			[]Event{{Kind: Drop, At: noon}},
			Failure{Reason: messages.Reason{Code: messages.ReasonUserDrop}, Planned: true},
		},
		"a go-away too soon is no plan": {
			[]Event{{Kind: RotateDue, At: noon}},
			Failure{Attempt: 1, Reason: messages.Reason{Code: messages.ReasonRotation}},
		},
		"a second failure in the same outage": {
			[]Event{{Kind: Lost, At: noon}, {Kind: BackoffDue}, {Kind: Admitted}, {Kind: PrepareDue, At: noon.Add(time.Minute)}},
			Failure{Attempt: 2, Elapsed: time.Minute, LastDelay: 3 * time.Second, Reason: messages.Reason{Code: messages.ReasonCredCallbackTimeout}},
		},
		"an outage that outlives the session": {
			[]Event{{Kind: Lost, At: noon}, {Kind: OutageDue, At: noon.Add(time.Hour)}},
			Failure{Attempt: 1, Elapsed: time.Hour, Suspended: true, LastDelay: 3 * time.Second, Reason: messages.Reason{Code: messages.ReasonSessionTTLExpired}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, m, ready(t, m), test.events...)
			if asked != test.want {
				t.Errorf("strategy was told\n%+v, want\n%+v", asked, test.want)
			}
		})
	}
}

func TestVerdictIsObeyedWithinBounds(t *testing.T) {
	cause := messages.Reason{
		Code: messages.ReasonPeerClose, Detail: "mid-sentence",
		Wire: messages.Wire{Scheme: "websocket", Code: 1011, Text: "oops"},
	}
	type result struct {
		status messages.Status
		long   bool
		delay  time.Duration
		reason messages.Reason
	}
	for name, test := range map[string]struct {
		verdict Verdict
		want    result
	}{
		"a delay is kept":               {Verdict{Delay: time.Minute}, result{messages.Backoff, false, time.Minute, cause}},
		"no delay is a small one":       {Verdict{}, result{messages.Backoff, false, MinDelay, cause}},
		"a negative delay is small too": {Verdict{Delay: -1 << 62}, result{messages.Backoff, false, MinDelay, cause}},
		"an endless delay ends":         {Verdict{Delay: 1<<63 - 1}, result{messages.Backoff, false, MaxDelay, cause}},
		"suspending is obeyed":          {Verdict{Delay: time.Minute, Suspend: true}, result{messages.Suspended, true, time.Minute, cause}},
		"giving up with the cause's own code keeps it whole": {
			Verdict{GiveUp: messages.ReasonPeerClose}, result{messages.Failed, false, 0, cause},
		},
		"giving up for another reason tells both": {
			Verdict{GiveUp: messages.ReasonRetriesExhausted},
			result{messages.Failed, false, 0, messages.Reason{
				Code: messages.ReasonRetriesExhausted, Wire: cause.Wire,
				Detail: `after 1 attempt; last: PeerClose (websocket 1011 "oops"): mid-sentence`,
			}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := Machine{Strategy: StrategyFunc(func(Failure) Verdict { return test.verdict })}
			s, step := run(t, m, ready(t, m), Event{Kind: Lost, At: noon, Reason: cause})
			if got := (result{s.Status, s.Long, step.Delay, step.Reason}); got != test.want {
				t.Errorf("got\n%+v, want\n%+v", got, test.want)
			}
			if s.LastDelay != step.Delay || step.ForgetSession != s.Long {
				t.Errorf("last delay %s for a delay of %s; session forgotten: %v", s.LastDelay, step.Delay, step.ForgetSession)
			}
		})
	}
}

func TestNoStrategyRetriesAfterASecond(t *testing.T) {
	s, step := run(t, Machine{}, ready(t, Machine{}), on(Lost)...)
	if s.Status != messages.Backoff || step.Delay != time.Second {
		t.Errorf("%s for %s", s.Status, step.Delay)
	}
}

func TestSpentBudgetGivesUpBeforeTheStrategyIsAsked(t *testing.T) {
	m := Machine{Strategy: StrategyFunc(func(Failure) Verdict {
		t.Error("the strategy was asked")
		return Verdict{}
	})}
	bug := messages.Reason{Code: messages.ReasonActorPanic, Detail: "index out of range"}
	s, step := run(t, m, ready(t, m), Event{Kind: Panic, Reason: bug, GiveUp: messages.ReasonRestartIntensity})
	want := messages.Reason{
		Code:   messages.ReasonRestartIntensity,
		Detail: "after 1 attempt; last: ActorPanic: index out of range",
	}
	if s.Status != messages.Failed || step.Reason != want {
		t.Errorf("%s because of %+v", s.Status, step.Reason)
	}
}

func TestRejectedLogins(t *testing.T) {
	rejected := messages.Reason{Code: messages.ReasonAuthRejected, Wire: messages.Wire{Scheme: "wukong", Code: 2}}
	reject := Event{Kind: CredStale, At: noon, Reason: rejected}
	s, _ := run(t, Machine{}, State{}, on(Connect, Admitted, Prepared, Dialed)...)

	s, step := run(t, Machine{}, s, reject)
	if s.Status != messages.Preparing || !step.Refresh || !step.Dispose {
		t.Fatalf("first rejection: %s, %+v", s.Status, step)
	}
	for n := 1; n <= 2; n++ {
		s, _ = run(t, Machine{}, s, on(Prepared, Dialed)...)
		s, _ = run(t, Machine{}, s, reject)
		if s.Status != messages.Backoff || s.AuthFailures != n {
			t.Fatalf("rejection with fresh credentials: %s, %d counted", s.Status, s.AuthFailures)
		}
		s, _ = run(t, Machine{}, s, on(BackoffDue, Admitted, Prepared, Dialed)...)
		s, _ = run(t, Machine{}, s, reject) // every cycle may refresh once
	}
	s, _ = run(t, Machine{}, s, on(Prepared, Dialed)...)
	s, step = run(t, Machine{}, s, reject)
	want := messages.Reason{
		Code: messages.ReasonAuthFailuresExceeded, Wire: rejected.Wire,
		Detail: "after 3 rejected logins; last: AuthRejected (wukong 2)",
	}
	if s.Status != messages.Failed || step.Reason != want {
		t.Errorf("%s because of %+v", s.Status, step.Reason)
	}
}

func TestAttemptSaturates(t *testing.T) {
	s := ready(t, Machine{})
	s.Attempt = MaxAttempt
	s, step := run(t, Machine{}, s, on(Lost)...)
	if s.Attempt != MaxAttempt || !step.Counted {
		t.Errorf("attempt %d, counted %v", s.Attempt, step.Counted)
	}
}

func TestEpochRisesOncePerAdmission(t *testing.T) {
	s := ready(t, Machine{})
	if s.Epoch != 1 {
		t.Errorf("first connection has epoch %d", s.Epoch)
	}
	s, _ = run(t, Machine{}, s, on(Lost, BackoffDue, Admitted, Prepared, Dialed, CredStale, Prepared)...)
	if s.Epoch != 2 {
		t.Errorf("second connection has epoch %d", s.Epoch)
	}
}

func TestOutageIsTimedFromItsBeginning(t *testing.T) {
	s, _ := run(t, Machine{}, State{}, Event{Kind: Connect, At: noon})
	if s.OutageSince != noon {
		t.Errorf("after Connect the outage began %s", s.OutageSince)
	}
	s, _ = run(t, Machine{}, s, Event{Kind: Admitted, At: noon.Add(1)}, Event{Kind: PrepareFailed, At: noon.Add(2)})
	if s.OutageSince != noon {
		t.Errorf("after a failure the outage began %s", s.OutageSince)
	}
	s, _ = run(t, Machine{}, s, Event{Kind: OutageDue, At: noon.Add(3)})
	if s.OutageSince != noon || !s.Long {
		t.Errorf("when it became long the outage began %s, long %v", s.OutageSince, s.Long)
	}
	s, _ = run(t, Machine{}, s, on(BackoffDue)...)
	s, _ = run(t, Machine{}, s, on(loginKinds...)...)
	if !s.OutageSince.IsZero() || s.Long {
		t.Errorf("in Ready the outage began %s, long %v", s.OutageSince, s.Long)
	}
}

func TestHeldSaysWhatHolds(t *testing.T) {
	for name, test := range map[string]struct {
		events []Event
		want   messages.Reason
	}{
		"a pause":               {on(Pause), messages.Reason{Code: messages.ReasonPaused}},
		"a hint before connect": {on(Stop, NetworkDown, Connect), messages.Reason{Code: messages.ReasonNetworkDown, Detail: "held back after UserConnect"}},
		"both before connect":   {on(Stop, NetworkDown, Pause, Connect), messages.Reason{Code: messages.ReasonPaused, Detail: "held back after UserConnect"}},
		"a hint that was right": {on(NetworkDown, Lost), messages.Reason{Code: messages.ReasonNetworkDown, Detail: "held back after ReadEOF"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, step := run(t, Machine{}, ready(t, Machine{}), test.events...)
			if s.Status != messages.Held || step.Reason != test.want {
				t.Errorf("%s because of %+v, want %+v", s.Status, step.Reason, test.want)
			}
		})
	}
}

func TestStepSaysWhatTheStatesDoNot(t *testing.T) {
	up := on(append([]Kind{Connect}, loginKinds...)...)
	all := func(kinds ...Kind) []Event { return append(up[:len(up):len(up)], on(kinds...)...) }
	for name, test := range map[string]struct {
		events []Event
		want   Step
	}{
		"a redial":                 {all(ForceReconnect), Step{Reason: because(messages.ReasonRedial), Dispose: true, Planned: true}},
		"a rotation":               {all(StableDue, RotateDue), Step{Reason: because(messages.ReasonRotation), Dispose: true, Planned: true}},
		"a go-away":                {all(GoAway), Step{Reason: because(messages.ReasonGoAway), Planned: true, Rearm: Timers(0).With(TimerRotate)}},
		"a go-away while syncing":  {on(Connect, Admitted, Prepared, Dialed, AuthOK, GoAway), Step{Reason: because(messages.ReasonGoAway), Planned: true}},
		"an expiry when stable":    {all(StableDue, CredExpired), Step{Reason: because(messages.ReasonCredExpired), Dispose: true, Planned: true, Refresh: true}},
		"an expiry when new":       {all(CredExpired), Step{Reason: because(messages.ReasonCredExpired), Dispose: true, Counted: true, Refresh: true, Delay: time.Second}},
		"a renewal":                {all(RenewOK), Step{Reason: because(messages.ReasonCredentialRenewed), Updated: true}},
		"a probe that worked":      {all(NetworkDown, ProbeOK), Step{Reason: because(messages.ReasonNetworkUp), Updated: true}},
		"half of two holds lifted": {all(Pause, NetworkDown, Resume), Step{Reason: because(messages.ReasonResumed), Updated: true}},
		"a session refused":        {on(Connect, Admitted, Prepared, Dialed, SessionInvalid), Step{Reason: because(messages.ReasonSessionInvalid), Dispose: true, Counted: true, ForgetSession: true, Delay: time.Second}},
		"a long outage in Backoff": {all(Lost, OutageDue), Step{Reason: because(messages.ReasonSessionTTLExpired), ForgetSession: true, Delay: time.Second, Rearm: Timers(0).With(TimerBackoff)}},
		"a long outage in an attempt": {
			on(Connect, Admitted, OutageDue), Step{Reason: because(messages.ReasonSessionTTLExpired), ForgetSession: true},
		},
		"a panic while waiting": {all(Lost, Panic), Step{Reason: because(messages.ReasonActorPanic), Counted: true, Delay: time.Second, Rearm: Timers(0).With(TimerBackoff)}},
		"a goodbye":             {all(Disconnect), Step{Reason: because(messages.ReasonUserDisconnect)}},
		"a goodbye answered":    {all(Disconnect, Lost), Step{Dispose: true}},
		"a goodbye regretted":   {all(Disconnect, Connect, Lost), Step{Reason: because(messages.ReasonUserConnect), Dispose: true}},
	} {
		t.Run(name, func(t *testing.T) {
			_, step := run(t, Machine{}, State{}, test.events...)
			step.Row = nil
			if step != test.want {
				t.Errorf("step says\n%+v, want\n%+v", step, test.want)
			}
		})
	}
}

func because(code messages.Code) messages.Reason { return messages.Reason{Code: code} }
