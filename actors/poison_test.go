package actors

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

func TestAMessageThatIsTooBigForThePeerIsRejectedAndTheNextOnesLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.ask(messages.Connect{})
		s.peer.last().freeze()
		big, err := s.record.Send(messages.Text(strings.Repeat("x", 1000)))
		if err != nil {
			t.Fatal(err)
		}
		small, err := s.record.Send(messages.Text("small"))
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		s.peer.last().fail(peerClose(1009, "too big"))
		s.after(time.Minute)
		if o, _ := big.Outcome(); o.Result != messages.ResultRejected || o.Reason.Code != messages.ReasonTooLarge {
			t.Errorf("the big one is %s: %s", o.Result, o.Reason)
		}
		if o, _ := small.Outcome(); o.Result != messages.ResultWritten {
			t.Errorf("the small one is %s: %s", o.Result, o.Reason)
		}
		s.end()
	})
}

func TestAMessageThatThePeerKeepsClosingOverIsRejectedAndNotTheOnesBehindIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) { settings.Outbox.Tries = 3 })
		poison, err := s.record.Send(messages.Text("poison"))
		if err != nil {
			t.Fatal(err)
		}
		good, err := s.record.Send(messages.Text("good"))
		if err != nil {
			t.Fatal(err)
		}
		s.peer.set(func(p *peer) { p.frozen = true })
		s.ask(messages.Connect{})
		for range 3 {
			if _, done := poison.Outcome(); done {
				t.Fatal("it was given up too early")
			}
			s.peer.last().fail(peerClose(1008, "policy"))
			s.after(20 * time.Second)
		}
		if o, _ := poison.Outcome(); o.Result != messages.ResultRejected || o.Reason.Code != messages.ReasonNack || o.Reason.Wire.Code != 1008 {
			t.Errorf("the poison is %s: %s", o.Result, o.Reason)
		}
		s.peer.set(func(p *peer) { p.frozen = false })
		s.peer.last().fail(lost())
		s.after(20 * time.Second)
		if o, _ := good.Outcome(); o.Result != messages.ResultWritten {
			t.Errorf("the good one is %s: %s", o.Result, o.Reason)
		}
		s.end()
	})
}

func TestAMessageIsNotBlamedForAPeerThatComesAndGoes(t *testing.T) {
	for name, end := range map[string]error{
		"the end of the stream": lost(),
		"a close without code":  peerClose(1005, ""),
		"a restart":             peerClose(1012, "restart"),
		"an internal error":     peerClose(1011, "oops"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, func(settings *Settings) { settings.Outbox.Tries = 2 })
				s.peer.set(func(p *peer) { p.frozen = true })
				s.ask(messages.Connect{})
				patient := s.send("patient")
				for range 5 {
					s.peer.last().fail(end)
					s.after(time.Minute)
				}
				s.peer.set(func(p *peer) { p.frozen = false })
				s.peer.last().fail(end)
				s.after(time.Minute)
				if o, _ := patient.Outcome(); o.Result != messages.ResultWritten {
					t.Errorf("it is %s: %s", o.Result, o.Reason)
				}
				s.end()
			})
		})
	}
}

func TestASmallMessageIsNotBlamedForALargeOneThatLeftBeforeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) { settings.Outbox.Tries = 1 })
		s.connect()
		s.send(strings.Repeat("x", 1000))
		s.peer.last().freeze()
		small := s.send("small")
		s.peer.last().fail(peerClose(1009, "too big"))
		s.after(time.Minute)
		if o, _ := small.Outcome(); o.Result != messages.ResultWritten {
			t.Errorf("the small one is %s: %s", o.Result, o.Reason)
		}
		s.end()
	})
}
