package actors

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// addresses answers with one URL after the other; the last one goes on.
func addresses(urls ...string) transport.Address {
	n := 0
	return transport.AddressFunc(func(context.Context, transport.AddressRequest) (transport.Target, error) {
		url := urls[n]
		n = min(n+1, len(urls)-1)
		return transport.Target{URL: url}, nil
	})
}

func TestAPermitIsForTheEndpointThatIsDialled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := &turnstile{}
		s := newStage(t, func(settings *Settings) {
			settings.Gate = gate
			settings.Endpoint = "unresolved"
			settings.Address = addresses("ws://a/", "ws://a/", "ws://b/")
		})
		s.connect()
		s.peer.last().fail(lost())
		s.after(10 * time.Second)
		s.peer.last().fail(lost())
		s.after(10 * time.Second)
		if got, want := fmt.Sprint(gate.names), "[unresolved a:80 a:80 a:80 b:80]"; got != want {
			t.Errorf("permits were asked for %s, want %s", got, want)
		}
		// What was given back for another endpoint says nothing about the first.
		if got, want := fmt.Sprintf("%d", gate.outcomes), "[102 0 0 102 0]"; got != want {
			t.Errorf("the permits came back with %s, want %s", got, want)
		}
		if s.status() != messages.Ready || gate.out != 0 {
			t.Errorf("it is %s, and %d permits are out", s.status(), gate.out)
		}
		s.end()
	})
}

func TestWaitingForAnotherEndpointHasNoDeadlineAndCanBeEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := &turnstile{}
		s := newStage(t, func(settings *Settings) {
			settings.Gate = gate
			settings.Endpoint = "unresolved"
			settings.Address = transport.AddressFunc(func(context.Context, transport.AddressRequest) (transport.Target, error) {
				gate.set(func(g *turnstile) { g.shut = true })
				return transport.Target{URL: "ws://b/"}, nil
			})
		})
		s.ask(messages.Connect{})
		s.after(time.Hour)
		if s.status() != messages.Preparing {
			t.Errorf("it is %s", s.status())
		}
		s.ask(messages.Disconnect{Mode: messages.Logout})
		if s.status() != messages.Closed {
			t.Errorf("it is %s", s.status())
		}
		gate.set(func(g *turnstile) { g.shut = false })
		s.after(time.Minute)
		if s.peer.dials != 0 || gate.out != 0 {
			t.Errorf("%d dials, %d permits are out", s.peer.dials, gate.out)
		}
		s.end()
	})
}

func TestAForcedRefreshWaitsAtTheGateWithoutADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := &turnstile{}
		s := newStage(t, func(settings *Settings) { settings.Gate = gate })
		rejected := &messages.Error{Op: "dial", Reason: messages.Reason{Code: messages.ReasonAuthRejected}}
		s.peer.set(func(p *peer) { p.refuse = rejected })
		gate.set(func(g *turnstile) { g.ask = func() { gate.shut = len(gate.names) > 1 } })
		s.ask(messages.Connect{})
		s.after(time.Hour)
		if s.status() != messages.Preparing {
			t.Fatalf("it is %s: %s", s.status(), s.script())
		}
		s.peer.set(func(p *peer) { p.refuse = nil })
		gate.set(func(g *turnstile) { g.shut, g.ask = false, nil })
		s.after(time.Second)
		if s.status() != messages.Ready {
			t.Errorf("it is %s", s.status())
		}
		s.end()
	})
}

func TestGivingUpDoesNotWaitForTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := &turnstile{shut: true}
		s := newStage(t, func(settings *Settings) {
			settings.Gate, settings.GiveUpAfter = gate, time.Minute
		})
		s.ask(messages.Connect{})
		s.after(2 * time.Minute)
		s.expect(`
			0s Queued UserConnect
			1m0s Failed GiveUpDeadline`)
		gate.set(func(g *turnstile) { g.shut = false })
		s.after(time.Minute)
		if s.peer.dials != 0 || gate.out != 0 {
			t.Errorf("%d dials, %d permits are out", s.peer.dials, gate.out)
		}
		s.ask(messages.Connect{})
		s.after(time.Hour) // up in time, it stays up
		if s.status() != messages.Ready {
			t.Errorf("it is %s", s.status())
		}
		s.end()
	})
}

func TestPanicsOfCallbacksAreReportedWithTheirStackAndReasonsStayShort(t *testing.T) {
	for name, change := range map[string]func(*Settings){
		"address": func(settings *Settings) {
			settings.Address = transport.AddressFunc(func(context.Context, transport.AddressRequest) (transport.Target, error) {
				panic("no idea")
			})
		},
		"dialer": func(settings *Settings) {
			settings.Dialer = transport.DialerFunc(func(context.Context, transport.Target) (transport.Conn, error) {
				panic("no idea")
			})
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			reports := make(chan string, 10)
			s := newStage(t, func(settings *Settings) {
				settings.Report = func(_ messages.ChannelID, what string, stack []byte) { reports <- what + "\n" + string(stack) }
				change(settings)
			})
			s.ask(messages.Connect{})
			synctest.Wait()
			reason := s.record.Snapshot().Reason
			if !strings.Contains(reason.Detail, "no idea") || strings.Contains(reason.String(), "\n") {
				t.Errorf("%s: the reason is %q", name, reason)
			}
			if report := <-reports; !strings.Contains(report, "no idea") || !strings.Contains(report, "gate_test.go") {
				t.Errorf("%s: the report is %q", name, report)
			}
			s.end()
		})
	}
}
