package actors

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// calling is an address callback in the settings.
func calling(f func(context.Context) (transport.Target, error)) func(*Settings) {
	return func(settings *Settings) {
		settings.Address = transport.AddressFunc(func(ctx context.Context, _ transport.AddressRequest) (transport.Target, error) { return f(ctx) })
	}
}

func TestAHungAddressCallbackHoldsOneGoroutineOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls, hang := 0, make(chan struct{})
		s := newStage(t, calling(func(context.Context) (transport.Target, error) {
			calls++
			<-hang
			return transport.Target{URL: "ws://peer/"}, nil
		}))
		s.ask(messages.Connect{})
		s.after(30 * time.Second)
		s.expect(`
			0s Queued UserConnect
			0s Preparing
			10s Backoff CredCallbackTimeout
			12s Queued
			12s Preparing
			12s Backoff CredCallbackTimeout
			16s Queued
			16s Preparing
			16s Backoff CredCallbackTimeout
			24s Queued
			24s Preparing
			24s Backoff CredCallbackTimeout`)
		s.after(time.Hour)
		if n := s.workers.Count(); calls != 1 || n != 1 {
			t.Errorf("%d calls, %d workers", calls, n)
		}
		close(hang)
		s.after(time.Minute)
		if s.status() != messages.Ready {
			t.Errorf("the channel is %s although the callback is back", s.status())
		}
		s.end()
	})
}

func TestAddressCallbackThatDoesNotAnswerIsAFailedAttempt(t *testing.T) {
	for name, test := range map[string]struct {
		callback func(context.Context) (transport.Target, error)
		want     string
	}{
		"a panic":  {func(context.Context) (transport.Target, error) { panic("bug") }, "0s Backoff CredCallbackError"},
		"an error": {func(context.Context) (transport.Target, error) { return transport.Target{}, context.Canceled }, "0s Backoff CredCallbackError"},
		"no URL":   {func(context.Context) (transport.Target, error) { return transport.Target{}, nil }, "0s Backoff CredCallbackError"},
		"rubbish":  {func(context.Context) (transport.Target, error) { return transport.Target{URL: "::"}, nil }, "0s Backoff CredCallbackError"},
		"no credentials": {func(context.Context) (transport.Target, error) {
			return transport.Target{}, messages.ReasonCredUnavailable
		}, "0s Backoff CredCallbackError"},
		"a reason": {func(context.Context) (transport.Target, error) {
			return transport.Target{}, &messages.Error{Op: "token", Reason: messages.Reason{Code: messages.ReasonForbidden}}
		}, "0s Failed Forbidden"},
		"its goroutine's end": {func(context.Context) (transport.Target, error) { runtime.Goexit(); panic("not reached") }, "0s Backoff CredCallbackError"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, calling(test.callback))
				s.ask(messages.Connect{})
				s.after(time.Second)
				s.expect("0s Queued UserConnect\n0s Preparing\n" + test.want)
				s.end()
			})
		})
	}
}

func TestALateDialIsClosedNeverAdopted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.peer.late = 20 * time.Second // it does not watch its context
		s.ask(messages.Connect{})
		s.after(19 * time.Second)
		s.peer.set(func(p *peer) { p.late = 0 })
		s.after(5 * time.Second)
		s.expect(`
			0s Queued UserConnect
			0s Preparing
			0s Dialing
			10.1s Backoff DialTimeout
			12.1s Queued
			20s Preparing // not before the late one was closed
			20s Dialing
			20s Authenticating
			20s Ready`)
		if first := s.peer.sockets[0]; !first.gone || len(s.peer.sockets) != 2 {
			t.Errorf("the late socket is closed: %v; there were %d", first.gone, len(s.peer.sockets))
		}
		s.end()
	})
}

// The dial and the end of its actor race; whoever comes second closes the
// socket and says the last word.
func TestSocketIsClosedWhoeverComesLast(t *testing.T) {
	for name, race := range map[string]func(d *dialing, conn transport.Conn, last func()){
		"the dial ends, nobody takes it": func(d *dialing, conn transport.Conn, last func()) {
			d.finish(conn, nil)
			d.abandon(last)
		},
		"the actor ends before the dial": func(d *dialing, conn transport.Conn, last func()) {
			d.abandon(last)
			if d.finish(conn, nil) {
				t.Error("somebody wants the socket")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			conn, said := &socket{peer: &peer{open: 1}}, 0
			race(&dialing{}, conn, func() { said++ })
			if !conn.gone || said != 1 {
				t.Errorf("closed: %v; the last word was said %d times", conn.gone, said)
			}
		})
	}
}

func TestADialerThatBreaksItsWordIsAFailedAttempt(t *testing.T) {
	for name, test := range map[string]struct {
		dial func() (transport.Conn, error)
		want string
	}{
		"a panic":             {func() (transport.Conn, error) { panic("bug") }, "0s Backoff ActorPanic"},
		"nothing at all":      {func() (transport.Conn, error) { return nil, nil }, "0s Backoff ActorPanic"},
		"its goroutine's end": {func() (transport.Conn, error) { runtime.Goexit(); panic("not reached") }, "0s Backoff ActorPanic"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gate := &turnstile{}
				s := newStage(t, func(settings *Settings) { settings.Gate = gate })
				s.peer.dial = test.dial
				s.ask(messages.Connect{})
				s.after(time.Second)
				s.expect("0s Queued UserConnect\n0s Preparing\n0s Dialing\n" + test.want)
				s.peer.set(func(p *peer) { p.dial = nil })
				s.after(time.Minute)
				if s.status() != messages.Ready || gate.out != 0 {
					t.Errorf("the channel is %s, %d permits are out", s.status(), gate.out)
				}
				s.end()
			})
		})
	}
}

func TestADialerThatReturnsBothLeavesNoSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		extra := &socket{peer: s.peer}
		s.peer.dial = func() (transport.Conn, error) {
			s.peer.set(func(p *peer) { p.open++ })
			return extra, messages.ReasonRefused
		}
		s.ask(messages.Connect{})
		s.peer.set(func(p *peer) { p.dial = nil })
		s.after(time.Minute)
		if !extra.gone {
			t.Error("the socket that came with the error is still open")
		}
		s.peer.maxOpen = 1 // the peer counted the dial and its socket
		s.end()
	})
}

func TestACancelledDialSaysNothingAboutItsEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := &turnstile{}
		s := newStage(t, func(settings *Settings) { settings.Gate = gate })
		s.peer.stall = true
		s.ask(messages.Connect{})
		s.ask(messages.Pause{})
		s.ask(messages.Resume{})
		s.after(time.Minute)
		if got := gate.outcomes[:2]; got[0].Class() != messages.ClassLocal || got[1] != messages.ReasonDialTimeout {
			t.Errorf("the gate was told %v", got)
		}
		s.end()
	})
}

func TestConnectInBackoffSkipsTheDelayButNotTheLeastInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) { settings.Machine.Strategy = &clumsy{delay: time.Hour} })
		s.peer.refuse = messages.ReasonRefused
		s.ask(messages.Connect{})
		s.after(100 * time.Millisecond)
		s.ask(messages.Connect{})
		s.after(10 * time.Second)
		s.ask(messages.Connect{})
		s.after(time.Minute)
		s.expect(`
			0s Queued UserConnect
			0s Preparing
			0s Dialing
			0s Backoff Refused
			100ms Queued UserConnect
			1s Preparing
			1s Dialing
			1s Backoff Refused
			10.1s Queued UserConnect
			10.1s Preparing
			10.1s Dialing
			10.1s Backoff Refused`)
		if got := s.statuses[len(s.statuses)-1]; got.Attempt != 3 || got.RetryIn != time.Hour {
			t.Errorf("the last wait is %s", got)
		}
		s.end()
	})
}

func TestNoDialBeginsBeforeTheOldSocketIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.connect()
		s.peer.set(func(p *peer) { p.linger = 5 * time.Second })
		s.after(time.Minute)
		s.skip()
		s.ask(messages.Redial{Why: "a test"})
		s.after(10 * time.Second)
		s.expect(`
			1m0s Queued Redial
			1m5s Preparing
			1m5s Dialing
			1m5s Authenticating
			1m5s Ready`)
		s.end()
	})
}
