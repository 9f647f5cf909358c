package supervisor

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// tenSeconds is an inner strategy that is easy to recognise, and slow in
// Suspended.
var tenSeconds = StrategyFunc(func(f Failure) Verdict {
	if f.Suspended {
		return Verdict{Delay: 40 * time.Second}
	}
	return Verdict{Delay: 10 * time.Second}
})

func TestStrategiesWrapOneAnother(t *testing.T) {
	over := func(code messages.Code) Verdict { return Verdict{GiveUp: code} }
	wait := func(d time.Duration) Verdict { return Verdict{Delay: d} }
	lost := messages.Reason{Code: messages.ReasonReadEOF}
	asked := func(d time.Duration) messages.Reason {
		return messages.Reason{Code: messages.ReasonTryLater, RetryAfter: d}
	}
	for sentence, test := range map[string]struct {
		strategy Strategy
		failure  Failure
		want     Verdict
	}{
		"MaxRetries lets the last retry pass":                    {MaxRetries(3, tenSeconds), Failure{Attempt: 3}, wait(10 * time.Second)},
		"MaxRetries ends after it":                               {MaxRetries(3, tenSeconds), Failure{Attempt: 4}, over(messages.ReasonRetriesExhausted)},
		"MaxRetries of 0 is for ever":                            {MaxRetries(0, tenSeconds), Failure{Attempt: math.MaxInt}, wait(10 * time.Second)},
		"MaxRetries below 0 too":                                 {MaxRetries(-1, tenSeconds), Failure{Attempt: math.MaxInt}, wait(10 * time.Second)},
		"SuspendAfter lets the last quick retry pass":            {SuspendAfter(3, tenSeconds), Failure{Attempt: 3}, wait(10 * time.Second)},
		"SuspendAfter then retries slowly":                       {SuspendAfter(3, tenSeconds), Failure{Attempt: 4}, Verdict{Delay: 40 * time.Second, Suspend: true}},
		"SuspendAfter goes on doing so":                          {SuspendAfter(3, tenSeconds), Failure{Attempt: 400, Suspended: true}, Verdict{Delay: 40 * time.Second, Suspend: true}},
		"SuspendAfter leaves a long outage alone":                {SuspendAfter(3, tenSeconds), Failure{Attempt: 1, Suspended: true}, wait(40 * time.Second)},
		"SuspendAfter of 0 is never":                             {SuspendAfter(0, tenSeconds), Failure{Attempt: math.MaxInt}, wait(10 * time.Second)},
		"GiveUpAfter waits as it is told":                        {GiveUpAfter(time.Minute, tenSeconds), Failure{Elapsed: 30 * time.Second}, wait(10 * time.Second)},
		"GiveUpAfter cuts the last wait short":                   {GiveUpAfter(time.Minute, tenSeconds), Failure{Elapsed: 55 * time.Second}, wait(5 * time.Second)},
		"GiveUpAfter ends at the deadline":                       {GiveUpAfter(time.Minute, tenSeconds), Failure{Elapsed: time.Minute}, over(messages.ReasonGiveUpDeadline)},
		"GiveUpAfter ends when the server wants us later":        {GiveUpAfter(time.Minute, tenSeconds), Failure{Elapsed: 30 * time.Second, Reason: asked(30 * time.Second)}, over(messages.ReasonGiveUpDeadline)},
		"GiveUpAfter waits when the server wants us sooner":      {GiveUpAfter(time.Minute, tenSeconds), Failure{Elapsed: 30 * time.Second, Reason: asked(29 * time.Second)}, wait(10 * time.Second)},
		"GiveUpAfter of 0 is never":                              {GiveUpAfter(0, tenSeconds), Failure{Elapsed: math.MaxInt64}, wait(10 * time.Second)},
		"GiveUpAfter keeps the end that the inner one chose":     {GiveUpAfter(time.Minute, MaxRetries(1, tenSeconds)), Failure{Attempt: 2}, over(messages.ReasonRetriesExhausted)},
		"Retry-After is a floor":                                 {honourRetryAfter(tenSeconds, always(0)), Failure{Reason: asked(20 * time.Second)}, wait(20 * time.Second)},
		"Retry-After is stretched by a tenth on average":         {honourRetryAfter(tenSeconds, always(0.5)), Failure{Reason: asked(20 * time.Second)}, wait(22 * time.Second)},
		"Retry-After is stretched by a fifth at most":            {honourRetryAfter(tenSeconds, always(1)), Failure{Reason: asked(20 * time.Second)}, wait(24 * time.Second)},
		"a longer wait than Retry-After stays":                   {honourRetryAfter(tenSeconds, always(1)), Failure{Reason: asked(8 * time.Second)}, wait(10 * time.Second)},
		"Retry-After does not overflow":                          {honourRetryAfter(tenSeconds, always(1)), Failure{Reason: asked(math.MaxInt64)}, wait(math.MaxInt64)},
		"Retry-After does not revive what is over":               {honourRetryAfter(MaxRetries(1, tenSeconds), always(0)), Failure{Attempt: 2, Reason: asked(time.Hour)}, over(messages.ReasonRetriesExhausted)},
		"Retry-After keeps Suspend":                              {honourRetryAfter(SuspendAfter(1, tenSeconds), always(0)), Failure{Attempt: 2, Reason: asked(time.Hour)}, Verdict{Delay: time.Hour, Suspend: true}},
		"a delay below zero is none":                             {honourRetryAfter(StrategyFunc(func(Failure) Verdict { return wait(-1) }), always(0)), Failure{}, wait(0)},
		"Transient asks the strategy":                            {Transient.wrap(tenSeconds), Failure{Reason: lost}, wait(10 * time.Second)},
		"Permanent asks the strategy":                            {Permanent.wrap(tenSeconds), Failure{Reason: lost}, wait(10 * time.Second)},
		"Temporary ends with the reason of the first ending":     {Temporary.wrap(tenSeconds), Failure{Reason: lost}, over(messages.ReasonReadEOF)},
		"Temporary comes back from a plan":                       {Temporary.wrap(tenSeconds), Failure{Planned: true, Reason: messages.Reason{Code: messages.ReasonRotation}}, wait(10 * time.Second)},
		"Temporary comes back from what the user asked for":      {Temporary.wrap(tenSeconds), Failure{Reason: messages.Reason{Code: messages.ReasonUserDrop}}, wait(10 * time.Second)},
		"Temporary ends with what is local, but no command":      {Temporary.wrap(tenSeconds), Failure{Reason: messages.Reason{Code: messages.ReasonNotSupported}}, over(messages.ReasonNotSupported)},
		"Temporary never makes a hot loop of an unnamed ending":  {Temporary.wrap(tenSeconds), Failure{}, over(messages.ReasonRetriesExhausted)},
		"HonourRetryAfter of the world spreads by itself, never": {HonourRetryAfter(tenSeconds), Failure{}, wait(10 * time.Second)},
	} {
		if got := test.strategy.Next(test.failure); got != test.want {
			t.Errorf("%s: got %+v, want %+v", sentence, got, test.want)
		}
	}
}

// What a specification says about retrying is composed from the inside out.
func TestASpecificationComposesItsStrategy(t *testing.T) {
	quiet := func(_ messages.ChannelID, what string, _ []byte) { t.Errorf("a panic was reported: %s", what) }
	for sentence, test := range map[string]struct {
		spec    Spec
		failure Failure
		want    Verdict
	}{
		"the fleet's strategy stands in for none": {Spec{}, Failure{Attempt: 99}, Verdict{Delay: 10 * time.Second}},
		"its own strategy is used":                {Spec{Strategy: Fixed{Interval: time.Second}}, Failure{Attempt: 99}, Verdict{Delay: time.Second}},
		"retries end in Failed":                   {Spec{MaxRetries: 2}, Failure{Attempt: 3}, Verdict{GiveUp: messages.ReasonRetriesExhausted}},
		"or in Suspended":                         {Spec{MaxRetries: 2, Exhausted: Suspend}, Failure{Attempt: 3}, Verdict{Delay: 40 * time.Second, Suspend: true}},
		"the deadline stands around the retries": {Spec{MaxRetries: 2, Exhausted: Suspend, GiveUpAfter: time.Minute},
			Failure{Attempt: 3, Elapsed: time.Minute}, Verdict{GiveUp: messages.ReasonGiveUpDeadline}},
		"Never is no deadline":     {Spec{GiveUpAfter: Never}, Failure{Elapsed: math.MaxInt64}, Verdict{Delay: 10 * time.Second}},
		"the restart type is last": {Spec{MaxRetries: 2, Restart: Temporary}, Failure{Attempt: 1, Reason: messages.Reason{Code: messages.ReasonDNS}}, Verdict{GiveUp: messages.ReasonDNS}},
		"Retry-After is always a floor": {Spec{Restart: Permanent}, Failure{Reason: messages.Reason{Code: messages.ReasonTryLater, RetryAfter: math.MaxInt64}},
			Verdict{Delay: math.MaxInt64}},
	} {
		if got := test.spec.strategy(tenSeconds, random, online, quiet).Next(test.failure); got != test.want {
			t.Errorf("%s: got %+v, want %+v", sentence, got, test.want)
		}
	}
}

// online is the answer to whether a fleet is offline.
func online() bool { return false }

func TestAStrategyThatPanicsWaitsAndIsReported(t *testing.T) {
	var reported []string
	spec := Spec{Strategy: StrategyFunc(func(Failure) Verdict { panic("no idea") })}
	got := spec.strategy(nil, random, online, func(_ messages.ChannelID, what string, _ []byte) { reported = append(reported, what) }).Next(Failure{Attempt: 1})
	if want := (Verdict{Delay: crashedStrategyDelay}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if len(reported) != 1 || !strings.Contains(reported[0], "no idea") {
		t.Errorf("reported %q", reported)
	}
}

func TestCheckStrategyNamesEverythingAtOnce(t *testing.T) {
	var nobody StrategyFunc
	for sentence, test := range map[string]struct {
		strategy Strategy
		want     []string // parts of lines, one line each
	}{
		"the defaults":     {Backoff{}, nil},
		"a function":       {tenSeconds, nil},
		"a tower of them":  {GiveUpAfter(time.Hour, MaxRetries(3, SuspendAfter(1, HonourRetryAfter(Fixed{Interval: 1, Jitter: 1})))), nil},
		"nothing":          {nil, []string{"a strategy is nil"}},
		"a nil function":   {nobody, []string{"a strategy is nil"}},
		"nothing inside":   {MaxRetries(3, nil), []string{"a strategy is nil"}},
		"nothing deep in":  {HonourRetryAfter(GiveUpAfter(time.Hour, SuspendAfter(2, nil))), []string{"a strategy is nil"}},
		"a short interval": {Fixed{}, []string{"Fixed.Interval is 0s"}},
		"every field of Backoff": {Backoff{Base: -1, Cap: -2, Floor: -3, FirstJitter: -4, Suspended: -5},
			[]string{"Backoff.Base is -1ns", "Backoff.Cap is -2ns", "Backoff.Floor is -3ns", "Backoff.FirstJitter is -4ns", "Backoff.Suspended is -5ns"}},
		"a floor above the cap":         {Backoff{Floor: 2 * time.Second, Cap: time.Second}, []string{"Backoff.Floor 2s is above its Cap 1s"}},
		"a floor above the default cap": {Backoff{Floor: time.Minute}, []string{"Backoff.Floor 1m0s is above its Cap 30s"}},
		"every field of Fixed":          {Fixed{Interval: -1, Jitter: 1.5}, []string{"Fixed.Interval is -1ns", "Fixed.Jitter is 1.5"}},
		"a jitter that is no number":    {Fixed{Interval: 1, Jitter: math.NaN()}, []string{"Fixed.Jitter is NaN"}},
		"a wrapper and what it wraps":   {GiveUpAfter(-time.Second, Fixed{Jitter: -1}), []string{"GiveUpAfter got -1s", "Fixed.Interval is 0s", "Fixed.Jitter is -1"}},
	} {
		err := CheckStrategy(test.strategy)
		if (err == nil) != (test.want == nil) {
			t.Errorf("%s: got %v", sentence, err)
			continue
		}
		if err == nil {
			continue
		}
		sameLines(t, sentence, err, test.want)
		if !errors.Is(err, messages.ReasonInvalidSpec) {
			t.Errorf("%s: the reason is missing in %v", sentence, err)
		}
	}
}

// sameLines compares the lines of an error with parts of them.
func sameLines(t *testing.T, sentence string, err error, want []string) {
	t.Helper()
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != len(want) {
		t.Errorf("%s: %d lines, want %d:\n%v", sentence, len(lines), len(want), err)
		return
	}
	for i, part := range want {
		if !strings.Contains(lines[i], part) {
			t.Errorf("%s: line %d is %q, want %q", sentence, i, lines[i], part)
		}
	}
}

func TestRestartTypesAndTheirNames(t *testing.T) {
	for r, name := range map[Restart]string{Transient: "Transient", Permanent: "Permanent", Temporary: "Temporary", 9: "Restart(9)"} {
		if r.String() != name {
			t.Errorf("%d is %q", r, r.String())
		}
	}
}
