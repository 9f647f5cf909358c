package supervisor

import (
	"slices"
	"testing"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

var dawn = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// newBreaker is a breaker with the defaults, whose probes are spaced evenly.
func newBreaker() *breaker {
	return &breaker{limits: BreakerLimits{}.filled(), born: dawn, random: always(0.5)}
}

// opened is a breaker that opened at dawn.
func opened(t *testing.T) *breaker {
	t.Helper()
	b := newBreaker()
	for range 49 {
		b.note(dawn, false, down)
	}
	if b.open || !b.note(dawn, false, down) || !b.open {
		t.Fatal("the fiftieth failure did not open the breaker")
	}
	return b
}

func TestABreakerOpensWhenNineOfTenDialsFail(t *testing.T) {
	type ending struct {
		after   time.Duration // dawn
		verdict verdict
		times   int
	}
	for sentence, test := range map[string]struct {
		endings []ending
		open    bool
	}{
		"fifty failures open it":                       {[]ending{{0, down, 50}}, true},
		"forty-nine do not":                            {[]ending{{0, down, 49}}, false},
		"five in fifty that got through do not matter": {[]ending{{0, alive, 5}, {0, down, 45}}, true},
		"six in fifty-one do":                          {[]ending{{0, alive, 6}, {0, down, 45}}, false},
		"until there are more failures":                {[]ending{{0, alive, 6}, {0, down, 54}}, true},
		"spread over nine seconds they still count":    {[]ending{{0, down, 25}, {9 * time.Second, down, 25}}, true},
		"what is ten seconds old is forgotten":         {[]ending{{0, down, 25}, {10 * time.Second, down, 25}}, false},
		"old successes are forgotten too":              {[]ending{{0, alive, 500}, {10 * time.Second, down, 50}}, true},
		"fifty in a row do, whatever was before":       {[]ending{{0, alive, 5000}, {0, down, 50}}, true},
		"forty-nine in a row do not":                   {[]ending{{0, alive, 5000}, {0, down, 49}, {0, alive, 1}, {0, down, 49}}, false},
		"nor do those that are long ago":               {[]ending{{0, alive, 5000}, {0, down, 30}, {11 * time.Second, down, 49}}, false},
		"what says nothing does not count":             {[]ending{{0, down, 49}, {0, neutral, 500}}, false},
		"and does not dilute":                          {[]ending{{0, neutral, 500}, {0, down, 50}}, true},
		"a slow trickle of failures does not open it":  {[]ending{{0, down, 40}, {6 * time.Second, alive, 40}, {12 * time.Second, down, 40}}, false},
	} {
		b := newBreaker()
		for _, e := range test.endings {
			for range e.times {
				b.note(dawn.Add(e.after), false, e.verdict)
			}
		}
		if b.open != test.open {
			t.Errorf("%s: open is %v", sentence, b.open)
		}
	}
}

func TestAnOpenBreakerLetsOneProbePassPerSecond(t *testing.T) {
	b := opened(t)
	now := dawn
	for probe := range 5 {
		if wait := b.wait(now); wait != time.Second {
			t.Fatalf("probe %d waits %s", probe, wait)
		}
		now = now.Add(time.Second)
		if wait := b.wait(now); wait != 0 || !b.launch(now) {
			t.Fatalf("probe %d: %s more", probe, wait)
		}
		if wait := b.wait(now.Add(time.Hour)); wait != Never {
			t.Fatalf("a second probe beside probe %d after %s", probe, wait)
		}
		b.note(now, true, down)
	}
}

func TestAProbeThatHangsDelaysTheNextOnlyUntilItIsBack(t *testing.T) {
	b := opened(t)
	b.launch(dawn.Add(time.Second))
	back := dawn.Add(11 * time.Second)
	b.note(back, true, down)
	if wait := b.wait(back); wait != 0 {
		t.Errorf("the next probe waits %s", wait)
	}
}

func TestProbesAreSpreadOverHalfASecondToOneAndAHalf(t *testing.T) {
	for draw, want := range map[float64]time.Duration{0: 500 * ms, 0.5: time.Second, 1: 1500 * ms} {
		b := opened(t)
		b.random = always(draw)
		b.launch(dawn)
		b.note(dawn, true, down)
		if wait := b.wait(dawn); wait != want {
			t.Errorf("%v: %s, want %s", draw, wait, want)
		}
	}
}

func TestAfterAProbeThatGotThroughTheNextFollowsAtOnce(t *testing.T) {
	b := opened(t)
	now := dawn.Add(time.Second)
	b.launch(now)
	b.note(now, true, alive)
	if wait := b.wait(now); wait != 0 {
		t.Errorf("it waits %s", wait)
	}
	b.launch(now)
	b.note(now, true, down)
	if wait := b.wait(now); wait != time.Second {
		t.Errorf("after one that did not, the next waits %s", wait)
	}
}

func TestThreeProbesInARowCloseABreaker(t *testing.T) {
	for sentence, test := range map[string]struct {
		probes []verdict
		open   bool
	}{
		"two are not enough":                    {[]verdict{alive, alive}, true},
		"three are":                             {[]verdict{alive, alive, alive}, false},
		"a failure starts over":                 {[]verdict{alive, alive, down, alive, alive}, true},
		"and three after it close":              {[]verdict{alive, alive, down, alive, alive, alive}, false},
		"one that ended by our command is none": {[]verdict{alive, neutral, alive, neutral, alive}, false},
	} {
		b := opened(t)
		for i, v := range test.probes {
			now := dawn.Add(time.Duration(i+1) * time.Second)
			b.launch(now)
			if changed := b.note(now, true, v); changed != !b.open {
				t.Errorf("%s: probe %d says changed %v", sentence, i, changed)
			}
		}
		if b.open != test.open {
			t.Errorf("%s: open is %v", sentence, b.open)
		}
	}
}

func TestDialsFromBeforeItOpenedDoNotCloseABreaker(t *testing.T) {
	b := opened(t)
	for range 20 {
		if b.note(dawn.Add(ms), false, alive) || !b.open {
			t.Fatal("stragglers closed it")
		}
	}
	now := dawn.Add(time.Second)
	b.launch(now)
	b.note(now, true, alive)
	b.note(now, false, down) // and they do not keep it open
	for range 2 {
		b.launch(now)
		b.note(now, true, alive)
	}
	if b.open {
		t.Error("a straggler spoilt the row")
	}
}

func TestTheRateComesBackInDoublingSteps(t *testing.T) {
	b := opened(t)
	if share := b.share(dawn); share != 1 {
		t.Errorf("before the first outage is over %v is open", share)
	}
	for range 3 {
		b.launch(dawn)
		b.note(dawn, true, alive)
	}
	var got []float64
	for _, after := range []time.Duration{0, 999 * ms, 1000 * ms, 2 * time.Second, 3 * time.Second, 4 * time.Second, time.Hour} {
		got = append(got, b.share(dawn.Add(after)))
	}
	if want := []float64{0.1, 0.1, 0.2, 0.4, 0.8, 1, 1}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestWhatABreakerRemembers(t *testing.T) {
	b := newBreaker()
	fades := func(after, want time.Duration) {
		t.Helper()
		if got := b.fades(dawn.Add(after)); got != want {
			t.Errorf("after %s: %s, want %s", after, got, want)
		}
	}
	fades(0, 0)
	b.note(dawn, false, alive)
	fades(5*time.Second, 10*time.Second) // outcomes, for a window
	fades(10*time.Second, 0)
	b = opened(t)
	fades(20*time.Second, 40*time.Second) // an outage, for a minute after the last probe
	b.launch(dawn.Add(30 * time.Second))
	b.note(dawn.Add(31*time.Second), true, down)
	fades(31*time.Second, time.Minute)
	fades(91*time.Second, 0)
	for range 3 {
		b.launch(dawn)
		b.note(dawn, true, alive)
	}
	fades(3*time.Second, time.Second) // a slow start
	fades(4*time.Second, 0)
}

func TestWhatTheEndOfADialSaysAboutItsEndpoint(t *testing.T) {
	for _, test := range []struct {
		verdict verdict
		codes   []messages.Code
	}{
		{down, []messages.Code{
			messages.ReasonDNS, messages.ReasonRefused, messages.ReasonUnreachable, messages.ReasonDialTimeout,
			messages.ReasonTLS, messages.ReasonProxy, messages.ReasonReadEOF,
			messages.ReasonReadError, messages.ReasonWriteError, messages.ReasonWriteTimeout,
			messages.ReasonHandshakeTimeout, messages.ReasonTryLater, messages.ReasonServerError,
		}},
		{alive, []messages.Code{
			messages.ReasonOK, messages.ReasonProtocolError, messages.ReasonAbnormalClosure, messages.ReasonPeerClose,
			messages.ReasonAuthRejected, messages.ReasonForbidden, messages.ReasonRateLimited,
			messages.ReasonConnectionLimit, messages.ReasonMoved, messages.ReasonBadRequest,
			messages.ReasonKickedOtherDevice, messages.ReasonBanned, messages.ReasonUnsupportedVersion,
		}},
		{neutral, []messages.Code{
			messages.ReasonUserDisconnect, messages.ReasonUserDrop, messages.ReasonPaused, messages.ReasonParentStopped,
			messages.ReasonNetworkDown, messages.ReasonLocalPortsExhausted, messages.ReasonFDLimit, messages.ReasonLocalAddress,
			messages.ReasonCredCallbackError, messages.ReasonCredCallbackTimeout, messages.ReasonCredUnavailable,
			messages.ReasonActorPanic, messages.ReasonAdmissionTimeout,
		}},
	} {
		for _, code := range test.codes {
			if got := verdictOf(messages.Reason{Code: code}); got != test.verdict {
				t.Errorf("%s: got %d, want %d", code, got, test.verdict)
			}
		}
	}
}

func TestAnUpgradeThatIsAnsweredWithAnotherStatusSpeaksForItself(t *testing.T) {
	for status, want := range map[int]verdict{400: alive, 408: alive, 418: alive, 500: down, 502: down, 504: down} {
		reason := messages.Reason{Code: messages.ReasonUpgradeStatus, Wire: messages.Wire{Scheme: "http", Code: status}}
		if got := verdictOf(reason); got != want {
			t.Errorf("%d says %d, want %d", status, got, want)
		}
	}
}
