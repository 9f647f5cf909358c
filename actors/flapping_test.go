package actors

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// fight is a channel whose sessions the peer ends at once.
type fight struct {
	*stage
	findings []messages.Finding
}

func inFight(t *testing.T, change func(*Settings), play func(f *fight)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := &fight{stage: newStage(t, change)}
		f.watch = func(event messages.Event) {
			if e, ok := event.(messages.Finding); ok {
				f.findings = append(f.findings, e)
			}
		}
		f.ask(messages.Connect{})
		play(f)
		f.end()
	})
}

// lose ends sessions as soon as they are up, and waits for the next.
func (f *fight) lose(sessions int, err error) {
	for range sessions {
		f.after(time.Second)
		f.peer.last().fail(err)
		f.after(40 * time.Second)
	}
}

func closed(code int) error {
	return &messages.Error{Op: "read", Reason: messages.Reason{Code: messages.ReasonPeerClose, Wire: messages.Wire{Scheme: "websocket", Code: code}}}
}

func TestSessionsThatEndAlikeAreAFindingThenTheEnd(t *testing.T) {
	inFight(t, nil, func(f *fight) {
		f.lose(4, closed(4009))
		if len(f.findings) != 0 {
			t.Fatalf("found %v after 4", f.findings)
		}
		f.lose(15, closed(4009))
		if len(f.findings) != 2 || f.findings[0].Reason.Code != messages.ReasonFlapping || f.findings[0].Reason.Wire.Code != 4009 {
			t.Fatalf("found %v after 19", f.findings)
		}
		if f.status() != messages.Ready {
			t.Fatalf("it is %s", f.status())
		}
		f.lose(1, closed(4009))
		if f.status() != messages.Failed || len(f.findings) != 3 {
			t.Errorf("it is %s, after %d findings", f.status(), len(f.findings))
		}
		reason := f.record.Snapshot().Reason
		want := `20 sessions in a row ended within 1m0s of their login, each with PeerClose (websocket 4009)`
		if reason.Code != messages.ReasonFlapping || reason.Wire.Code != 4009 || reason.Detail != want {
			t.Errorf("because of %+v", reason)
		}
		f.ask(messages.Connect{}) // whoever asks gets another row
		f.lose(19, closed(4009))
		if f.status() != messages.Ready {
			t.Errorf("it is %s after another 19", f.status())
		}
	})
}

func TestWhatIsNoFightIsRetriedForEver(t *testing.T) {
	for name, play := range map[string]func(f *fight){
		"the network":               func(f *fight) { f.lose(50, lost()) },
		"a normal closure":          func(f *fight) { f.lose(50, closed(1000)) },
		"a server that restarts":    func(f *fight) { f.lose(50, closed(1012)) },
		"taking turns":              func(f *fight) { f.turns(50) },
		"long sessions in between":  func(f *fight) { f.rests(5) },
		"our own fresh connections": func(f *fight) { f.redials(50) },
		"out and in again":          func(f *fight) { f.returns(50, messages.Disconnect{}) },
		"a drain and in again":      func(f *fight) { f.returns(50, messages.Drain{}) },
	} {
		t.Run(name, func(t *testing.T) {
			inFight(t, nil, func(f *fight) {
				play(f)
				if f.status() != messages.Ready {
					t.Errorf("it is %s", f.status())
				}
			})
		})
	}
	t.Run("Permanent", func(t *testing.T) {
		inFight(t, func(s *Settings) { s.Insist = true }, func(f *fight) {
			f.lose(50, closed(4009))
			if f.status() != messages.Ready || len(f.findings) != 4 {
				t.Errorf("it is %s, after %d findings", f.status(), len(f.findings))
			}
		})
	})
}

func TestTheAdviceFitsTheWayInWhichSessionsEnd(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"an unknown code of the peer's own": {closed(4009), "another process"},
		"the network":                       {lost(), "the server and at what is between"},
		"a server that closes when idle":    {closed(1000), "the server and at what is between"},
		"a server that restarts":            {closed(1012), "the server and at what is between"},
	} {
		t.Run(name, func(t *testing.T) {
			inFight(t, nil, func(f *fight) {
				f.lose(5, test.err)
				if len(f.findings) != 1 || !strings.Contains(f.findings[0].Advice, test.want) {
					t.Errorf("found %v", f.findings)
				}
			})
		})
	}
}

func (f *fight) turns(n int) {
	for i := range n {
		f.lose(1, closed(4000+i%2))
	}
	f.none()
}

func (f *fight) rests(n int) {
	for range n {
		f.lose(4, closed(4009))
		f.after(2 * time.Minute)
		f.lose(1, closed(4009)) // of a session that lived long
	}
	f.none()
}

func (f *fight) redials(n int) {
	for range n {
		f.ask(messages.Redial{})
		f.after(2 * time.Second)
	}
	f.none()
}

// returns leaves, and wants to be back before the peer has said goodbye.
func (f *fight) returns(n int, leave any) {
	for range n {
		f.tell(leave)
		f.tell(messages.Connect{})
		f.after(5 * time.Second)
	}
	f.none()
}

func (f *fight) none() {
	f.t.Helper()
	if len(f.findings) != 0 {
		f.t.Errorf("found %v", f.findings)
	}
}

func TestTakeoverThatIsTakenBackEveryTimeIsRefusedForAWhile(t *testing.T) {
	inFight(t, nil, func(f *fight) {
		kick := &messages.Error{Op: "read", Reason: messages.Reason{Code: messages.ReasonKickedOtherDevice}}
		takeover := func() error { return f.ask(messages.Connect{Takeover: true}).(messages.Reply).Err }
		for n := range 20 {
			f.after(2 * time.Second)
			if f.status() != messages.Ready {
				t.Fatalf("it is %s after %d kicks", f.status(), n)
			}
			f.peer.last().fail(kick)
			synctest.Wait()
			if err := f.ask(messages.Connect{}).(messages.Reply).Err; !errors.Is(err, messages.ReasonKickedOtherDevice) || !errors.Is(err, messages.ReasonNotConnected) {
				t.Fatalf("a plain connect says %v", err)
			}
			if err := takeover(); (err != nil) != (n == 19) {
				t.Fatalf("takeover %d says %v", n+1, err)
			}
		}
		if err := takeover(); !errors.Is(err, messages.ReasonFlapping) || f.status() != messages.Kicked {
			t.Errorf("it is %s, and says %v", f.status(), err)
		}
		if len(f.findings) != 3 {
			t.Errorf("%d findings", len(f.findings))
		}
		f.after(time.Minute)
		if err := takeover(); err != nil {
			t.Errorf("after a while it says %v", err)
		}
		f.after(2 * time.Second)
		if f.status() != messages.Ready {
			t.Errorf("it is %s", f.status())
		}
	})
}
