package actors

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

func TestChannelStaysKickedUntilTakeover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) { settings.Protocol = script{} })
		s.connect()
		s.peer.last().fail(peerClose(4001, "replaced"))
		s.after(24 * time.Hour)
		reply, _ := s.ask(messages.Connect{}).(messages.Reply)
		wrong, _ := errors.AsType[*messages.Error](reply.Err)
		if !errors.Is(reply.Err, messages.ReasonKickedOtherDevice) || wrong.Reason.Wire.Text != "replaced" {
			t.Errorf("the answer is %v", reply)
		}
		for _, c := range []any{messages.Resume{}, messages.NetworkUp{}, messages.Redial{}, messages.Disconnect{Mode: messages.KeepRetrying}} {
			s.ask(c)
		}
		s.after(24 * time.Hour)
		s.expect(`0s Kicked KickedOtherDevice`)
		if got := s.statuses[len(s.statuses)-1]; got.Action != messages.ActionTakeOver {
			t.Errorf("the advice is %s", got.Action)
		}
		s.ask(messages.Connect{Takeover: true})
		s.expect(`
			48h0m0s Queued UserConnect
			48h0m0s Preparing
			48h0m0s Dialing
			48h0m0s Authenticating
			48h0m0s Ready`)
		s.end()
	})
}

// The peer kicks and closes; our write notices the closing before anybody has
// read the kick.
func TestKickIsHeardBehindAFailedWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) { settings.Protocol = script{} })
		s.connect()
		s.peer.last().quietly(peerClose(4001, "replaced"))
		s.send("one")
		s.after(time.Hour)
		s.expect(`
			0s Kicked KickedOtherDevice
			0s #1 Failed FailedOnClose`)
		s.end()
	})
}

// Nothing can be written any more, and what the peer says to its end is still heard.
func TestAPeerThatWantsAnAnswerAfterOurGoodbyeIsHeardToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) { settings.Protocol = script{} })
		s.connect()
		s.peer.set(func(p *peer) { p.mute = true })
		s.ask(messages.Disconnect{})
		s.after(time.Second)
		s.peer.last().send("KNOCK")
		s.peer.last().send("ASK tea")
		s.after(time.Second)
		s.peer.last().send("the last word")
		s.peer.last().fail(peerClose(1000, "bye"))
		s.after(time.Second)
		s.expect(`
			0s Closing UserDisconnect
			2s Closed UserDisconnect
			2s heard "the last word"`)
		s.end()
	})
}

func TestLogoutIsNeverFollowedByADial(t *testing.T) {
	for name, prepare := range map[string]func(*stage){
		"in Queued": func(s *stage) {
			s.peer.refuse = messages.ReasonRefused
			s.ask(messages.Connect{})
			s.ask(messages.Connect{})
		},
		"in Dialing":        func(s *stage) { s.peer.stall = true; s.ask(messages.Connect{}) },
		"in Authenticating": func(s *stage) { s.record.Protocol = script{login: true}; s.ask(messages.Connect{}) },
		"in Ready":          func(s *stage) { s.ask(messages.Connect{}) },
		"in Backoff":        func(s *stage) { s.peer.refuse = messages.ReasonRefused; s.ask(messages.Connect{}) },
		"in Held":           func(s *stage) { s.ask(messages.Pause{}); s.ask(messages.Connect{}) },
		"in Draining": func(s *stage) {
			s.ask(messages.Connect{})
			s.peer.last().freeze()
			s.send("one")
			s.ask(messages.Drain{})
		},
		"as it is lost": func(s *stage) { s.ask(messages.Connect{}); s.peer.last().fail(lost()) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, nil)
				prepare(s)
				s.ask(messages.Disconnect{})
				s.peer.mu.Lock()
				dials := s.peer.dials
				s.peer.refuse, s.peer.stall = nil, false
				s.peer.mu.Unlock()
				for _, c := range []any{messages.Resume{}, messages.NetworkDown{}, messages.NetworkUp{}, messages.Redial{}, messages.Drain{}, messages.Disconnect{Mode: messages.KeepRetrying}} {
					s.ask(c)
					s.after(time.Hour)
				}
				if s.peer.dials != dials || s.status() != messages.Closed {
					t.Errorf("%d dials followed, the channel is %s", s.peer.dials-dials, s.status())
				}
				s.end()
			})
		})
	}
}

// The server's deadline was for the connection that is gone.
func TestGoAwayIsForgottenWithItsConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) { settings.Protocol = script{} })
		s.connect()
		s.peer.last().send("GOAWAY 60s")
		s.after(time.Second)
		s.peer.last().fail(lost())
		s.after(5 * time.Second)
		s.skip()
		s.after(time.Hour)
		s.expect(``)
		s.end()
	})
}

func TestGoAwayRotatesBeforeTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) { settings.Protocol = script{} })
		s.connect()
		s.peer.last().send("hello")
		s.after(time.Minute)
		s.skip()
		s.peer.last().send("GOAWAY 60s")
		s.after(31 * time.Second)
		s.expect(`
			1m30s Queued Rotation
			1m30s Preparing
			1m30s Dialing
			1m30s Authenticating
			1m30s Ready`)
		s.end()
	})
}

func TestRejectedCredentialsAreRefreshedOnceAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []transport.AddressRequest
		s := newStage(t, func(settings *Settings) {
			settings.Address = transport.AddressFunc(func(_ context.Context, r transport.AddressRequest) (transport.Target, error) {
				asked = append(asked, r)
				return transport.Target{URL: "ws://peer/"}, nil
			})
			settings.Protocol = script{login: true}
			settings.Refreshable = true
		})
		s.peer.answers = func(so *socket, _ string) { so.send("CREDENTIALS") }
		s.ask(messages.Connect{})
		s.expect(`
			0s Queued UserConnect
			0s Preparing
			0s Dialing
			0s Authenticating
			0s Preparing AuthRejected
			0s Dialing
			0s Authenticating
			0s Backoff AuthRejected
			0s peer got "LOGIN"
			0s peer got "LOGIN"`)
		if len(asked) != 2 || asked[0].Refresh || !asked[1].Refresh || asked[1].Last.Code != messages.ReasonAuthRejected {
			t.Errorf("the address was asked %+v", asked)
		}
		s.skip()
		s.after(time.Hour)
		s.expect(`
			2s Queued
			2s Preparing
			2s Dialing
			2s Authenticating
			2s Preparing AuthRejected
			2s Dialing
			2s Authenticating
			2s Backoff AuthRejected
			2s peer got "LOGIN"
			2s peer got "LOGIN"
			6s Queued
			6s Preparing
			6s Dialing
			6s Authenticating
			6s Preparing AuthRejected
			6s Dialing
			6s Authenticating
			6s Failed AuthFailuresExceeded
			6s peer got "LOGIN"
			6s peer got "LOGIN"`)
		s.end()
	})
}
