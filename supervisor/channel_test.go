package supervisor

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport/wstest"
)

func TestAManualChannelWaitsForConnect(t *testing.T) {
	inScene(t, func(s *scene) {
		spec := s.spec("a")
		spec.Manual = true
		ch := s.open(spec)
		time.Sleep(24 * time.Hour)
		if _, err := ch.Send(s.t.Context(), messages.Text("too early")); !errors.Is(err, messages.ReasonNotConnected) {
			t.Errorf("a send before Connect: %v", err)
		}
		s.expect("a", ``)
		s.must(ch.Connect(s.t.Context()))
		s.must(ch.Connect(s.t.Context())) // idempotent
		s.wait(ch, messages.Ready)
		s.expect("a", `
			24h0m0s Queued UserConnect
			24h0m0s Preparing
			24h0m0s Dialing
			24h0m0s Authenticating
			24h0m0s Ready`)
	})
}

func TestALogoutIsForGood(t *testing.T) {
	inScene(t, func(s *scene) {
		ch := s.ready("a")[0]
		s.forget()
		s.must(ch.Disconnect(s.t.Context(), messages.Logout))
		time.Sleep(24 * time.Hour)
		s.expect("a", `
			0s Closing UserDisconnect
			0s Closed UserDisconnect`)
		if n := len(s.server.Dials()); n != 1 {
			t.Errorf("%d dials", n)
		}
		if _, err := ch.Send(s.t.Context(), messages.Text("too late")); !errors.Is(err, messages.ReasonNotConnected) {
			t.Errorf("a send after the end: %v", err)
		}
		s.must(ch.Connect(s.t.Context()))
		s.wait(ch, messages.Ready)
	})
}

func TestADropComesBack(t *testing.T) {
	inScene(t, func(s *scene) {
		ch := s.ready("a")[0]
		s.forget()
		s.must(ch.Disconnect(s.t.Context(), messages.KeepRetrying))
		time.Sleep(time.Minute)
		s.expect("a", `
			0s Backoff UserDrop
			1s Queued
			1s Preparing
			1s Dialing
			1s Authenticating
			1s Ready`)
	})
}

func TestAPauseHoldsUntilResume(t *testing.T) {
	inScene(t, func(s *scene) {
		ch := s.ready("a")[0]
		s.forget()
		s.must(ch.Pause(s.t.Context()))
		time.Sleep(time.Hour)
		receipt, err := ch.Send(s.t.Context(), messages.Text("later"))
		s.must(err)
		if err := ch.Connect(s.t.Context()); !errors.Is(err, messages.ReasonPaused) {
			t.Errorf("connecting what is paused: %v", err)
		}
		s.must(ch.Resume(s.t.Context()))
		s.wait(ch, messages.Ready)
		if o, err := receipt.Wait(s.t.Context()); err != nil || o.Result != messages.ResultWritten {
			t.Errorf("what was sent meanwhile: %v %v", o, err)
		}
		s.expect("a", `
			0s Held Paused
			1h0m0s Queued Resumed
			1h0m0s Preparing
			1h0m0s Dialing
			1h0m0s Authenticating
			1h0m0s Ready
			1h0m0s #1 Written`)
	})
}

func TestNetworkHintsHoldAndRelease(t *testing.T) {
	inScene(t, func(s *scene) {
		s.server.Down()
		ch := s.open(s.spec("a"))
		s.wait(ch, messages.Backoff)
		s.forget()
		s.must(ch.NetworkDown(s.t.Context()))
		if err := ch.Connect(s.t.Context()); !errors.Is(err, messages.ReasonNetworkDown) {
			t.Errorf("connecting without a network: %v", err)
		}
		if err := s.server.Up(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		s.must(ch.NetworkUp(s.t.Context()))
		s.wait(ch, messages.Ready)
		s.expect("a", `
			0s Held NetworkDown
			10s Queued NetworkUp
			10s Preparing
			10s Dialing
			10s Authenticating
			10s Ready`)
	})
}

func TestARedialReplacesTheConnection(t *testing.T) {
	inScene(t, func(s *scene) {
		ch := s.ready("a")[0]
		time.Sleep(time.Minute)
		s.forget()
		s.must(ch.Redial(s.t.Context(), "a better route"))
		time.Sleep(time.Minute)
		s.expect("a", `
			0s Queued Redial
			0s Preparing
			0s Dialing
			0s Authenticating
			0s Ready`)
		s.server.Down()
		s.server.Drop()
		s.wait(ch, messages.Backoff)
		s.forget()
		s.must(ch.Redial(s.t.Context(), "now"))
		time.Sleep(500 * ms)
		s.expect("a", `
			0s Queued Redial
			0s Preparing
			0s Dialing
			0s Backoff Refused`)
		if n := s.network.MaxOpen("/a"); n != 1 {
			t.Errorf("%d connections at once", n)
		}
	})
}

func TestAPingMeasures(t *testing.T) {
	inScene(t, func(s *scene) {
		s.network.SetLatency(50 * ms)
		ch := s.ready("a")[0]
		rtt, err := ch.Ping(s.t.Context())
		if err != nil || rtt != 100*ms {
			t.Errorf("got %s, %v", rtt, err)
		}
		if got := ch.Snapshot().RTT; got != 100*ms {
			t.Errorf("the snapshot says %s", got)
		}
		s.server.Conns()[0].IgnorePings()
		short, cancel := context.WithTimeout(s.t.Context(), time.Second)
		defer cancel()
		if _, err := ch.Ping(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("nobody answered: %v", err)
		}
		lost := make(chan error, 1)
		go func() { _, err := ch.Ping(context.Background()); lost <- err }()
		synctest.Wait()
		s.server.Drop()
		if err := <-lost; !errors.Is(err, messages.ReasonNotConnected) {
			t.Errorf("the connection was lost: %v", err)
		}
		if _, err := ch.Ping(s.t.Context()); !errors.Is(err, messages.ReasonNotConnected) {
			t.Errorf("there is none: %v", err)
		}
	})
}

func TestRenewIsRefusedWhereTheProtocolCannot(t *testing.T) {
	inScene(t, func(s *scene) {
		ch := s.ready("a")[0]
		if err := ch.Renew(s.t.Context(), messages.NewToken("s3cret")); !errors.Is(err, messages.ReasonNotSupported) {
			t.Errorf("got %v", err)
		}
		if ch.Snapshot().Status != messages.Ready {
			t.Error("it cost the connection")
		}
	})
}

// everyCallThatNeedsALogin tries those that there are without rooms.
func everyCallThatNeedsALogin(ctx context.Context, ch *Channel) map[string]error {
	_, send := ch.Send(ctx, messages.Text("x"))
	_, roomSend := ch.Send(ctx, messages.Text("x").In("a"))
	_, ping := ch.Ping(ctx)
	_, wait := ch.Wait(ctx, messages.Ready)
	return map[string]error{
		"connect": ch.Connect(ctx), "send": send, "send to a room": roomSend, "ping": ping, "wait": wait,
		"renew": ch.Renew(ctx, messages.NewToken("t")),
	}
}

func TestAKickIsLeftOnlyByTakeover(t *testing.T) {
	inScene(t, func(s *scene) {
		ch := s.ready("a")[0]
		s.forget()
		s.server.Conns()[0].Kick(4001, "replaced")
		time.Sleep(24 * time.Hour)
		if err := ch.Connect(s.t.Context()); !errors.Is(err, messages.ReasonKickedOtherDevice) {
			t.Errorf("a plain connect: %v", err)
		}
		for call, err := range everyCallThatNeedsALogin(s.t.Context(), ch) {
			if !errors.Is(err, messages.ReasonNotConnected) {
				t.Errorf("%s: %v", call, err)
			}
		}
		s.must(ch.Connect(s.t.Context(), Takeover))
		s.wait(ch, messages.Ready)
		s.expect("a", `
			0s Kicked KickedOtherDevice
			24h0m0s Queued UserConnect
			24h0m0s Preparing
			24h0m0s Dialing
			24h0m0s Authenticating
			24h0m0s Ready`)
	})
}

func TestARestartTypeDecidesAboutFinalEndings(t *testing.T) {
	for sentence, test := range map[string]struct {
		restart Restart
		life    wstest.Handler
		want    string
	}{
		"Transient retries what was lost":       {Transient, wstest.Kick(1011, ""), "0s Backoff PeerClose\n1s Queued\n1s Preparing\n1s Dialing\n1s Authenticating\n1s Ready"},
		"Transient ends at a ban":               {Transient, wstest.Kick(4003, "banned"), "0s Failed Banned"},
		"Permanent retries after a ban":         {Permanent, wstest.Kick(4003, "banned"), "0s Backoff Banned\n1s Queued\n1s Preparing\n1s Dialing\n1s Authenticating\n1s Ready"},
		"Permanent ends at a kick all the same": {Permanent, wstest.Kick(4001, "replaced"), "0s Kicked KickedOtherDevice"},
		"Temporary ends at the first ending":    {Temporary, wstest.Kick(1011, ""), "0s Failed PeerClose"},
	} {
		t.Run(sentence, func(t *testing.T) {
			inScene(t, func(s *scene) {
				s.server.Handle(wstest.Sequence(func(c *wstest.Conn) { c.Expect("now"); test.life(c) }, wstest.Echo()))
				spec := s.spec("a")
				spec.Restart = test.restart
				ch := s.open(spec)
				s.wait(ch, messages.Ready)
				s.forget()
				_, err := ch.Send(s.t.Context(), messages.Text("now"))
				s.must(err)
				time.Sleep(5 * time.Second)
				s.expect("a", "0s #1 Written\n"+test.want)
			})
		})
	}
}

func TestBadMessagesAreRefusedAtOnce(t *testing.T) {
	inScene(t, func(s *scene) {
		spec := s.spec("a")
		spec.Manual = true
		spec.Outbox = OutboxLimits{Messages: 2, Bytes: 100, MessageBytes: 60}
		ch := s.open(spec)
		s.must(ch.Connect(s.t.Context()))
		s.must(ch.Pause(s.t.Context()))
		send := func(m messages.Message) error { _, err := ch.Send(s.t.Context(), m); return err }
		for sentence, test := range map[string]struct {
			message messages.Message
			want    messages.Code
		}{
			"above the limit": {messages.Text(string(make([]byte, 61))), messages.ReasonTooLarge},
			"no UTF-8":        {messages.Text("\xff"), messages.ReasonInvalidMessage},
			"an unknown kind": {messages.Message{Kind: 9}, messages.ReasonInvalidMessage},
			"a negative TTL":  {messages.Text("x").Expiring(-1), messages.ReasonInvalidMessage},
		} {
			if err := send(test.message); !errors.Is(err, test.want) {
				t.Errorf("%s: %v", sentence, err)
			}
		}
		s.must(send(messages.Text(string(make([]byte, 60)))))
		if err := send(messages.Text(string(make([]byte, 60)))); !errors.Is(err, messages.ReasonOutboxFull) {
			t.Errorf("too many bytes: %v", err)
		}
		s.must(send(messages.Text("second")))
		if err := send(messages.Text("third")); !errors.Is(err, messages.ReasonOutboxFull) {
			t.Errorf("too many messages: %v", err)
		}
		over, cancel := context.WithCancel(s.t.Context())
		cancel()
		if _, err := ch.Send(over, messages.Text("x")); !errors.Is(err, context.Canceled) {
			t.Errorf("an ended context: %v", err)
		}
	})
}
