package supervisor

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// The stop of the supervisor overtakes what was opened just before.
func TestClosingAFleetEndsChannelsThatWereOpenedAMomentBefore(t *testing.T) {
	inScene(t, func(s *scene) {
		s.ready("up") // it takes its time to close
		var list []*Channel
		for n := range 500 {
			list = append(list, s.open(s.spec(messages.ChannelID(fmt.Sprint(n)))))
		}
		before := time.Now()
		s.must(s.fleet.Close(context.Background()))
		if took := time.Since(before); took > time.Second {
			t.Errorf("it took %s", took)
		}
		for _, ch := range list {
			if err := ch.Connect(s.t.Context()); !errors.Is(err, messages.ReasonNoSuchChannel) {
				t.Fatalf("%s: %v", ch, err)
			}
		}
		if n := s.server.Open(); n != 0 {
			t.Errorf("%d connections are left", n)
		}
	})
}

// A channel is brought into each status, and then everything is closed.
func TestClosingEndsAChannelInEveryStatus(t *testing.T) {
	ends := map[string]func(*scene, *Channel) error{
		"the channel": func(s *scene, ch *Channel) error { return ch.Close(s.t.Context()) },
		"the fleet":   func(s *scene, _ *Channel) error { return s.fleet.Close(s.t.Context()) },
		"both": func(s *scene, ch *Channel) error {
			done := make(chan error)
			go func() { done <- ch.Close(s.t.Context()) }()
			return errors.Join(s.fleet.Close(s.t.Context()), <-done)
		},
	}
	for _, status := range messages.Statuses() {
		for who, end := range ends {
			t.Run(fmt.Sprintf("%s of a channel that is %s", who, status), func(t *testing.T) {
				inScene(t, func(s *scene) {
					ch := s.bring(status)
					before := time.Now()
					s.must(end(s, ch))
					if took := time.Since(before); took > 300*ms {
						t.Errorf("it took %s", took)
					}
					s.gone(ch)
				})
			})
		}
	}
}

// gone checks everything that is promised of a channel that was closed.
func (s *scene) gone(ch *Channel) {
	s.t.Helper()
	synctest.Wait()
	ctx := s.t.Context()
	_, sent := ch.Send(ctx, messages.Text("too late"))
	_, waited := ch.Wait(ctx, messages.Ready)
	_, pinged := ch.Ping(ctx)
	for what, err := range map[string]error{
		"send": sent, "wait": waited, "ping": pinged,
		"connect": ch.Connect(ctx), "disconnect": ch.Disconnect(ctx, messages.Logout), "pause": ch.Pause(ctx),
		"resume": ch.Resume(ctx), "redial": ch.Redial(ctx, ""), "drain": ch.Drain(ctx), "renew": ch.Renew(ctx, messages.NewToken("x")),
		"network down": ch.NetworkDown(ctx), "network up": ch.NetworkUp(ctx),
	} {
		if !errors.Is(err, messages.ReasonNoSuchChannel) {
			s.t.Errorf("%s: %v", what, err)
		}
	}
	if err := ch.Close(ctx); err != nil {
		s.t.Errorf("closing again: %v", err)
	}
	if _, there := s.fleet.Channel(ch.ID()); there {
		s.t.Error("the fleet still knows it")
	}
	if n := s.server.Open("/" + string(ch.ID())); n != 0 {
		s.t.Errorf("%d connections are left", n)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.events) - 1; i >= 0; i-- {
		if e := s.events[i]; e.Subject() == ch.ID() {
			if _, last := e.(messages.Stopped); !last {
				s.t.Errorf("its last event is %#v", e)
			}
			return
		}
	}
	s.t.Error("nobody was told")
}

func TestDrainingAFleetWaitsForSlowHandlers(t *testing.T) {
	inScene(t, func(s *scene) {
		s.server.Handle(wstest.Push("one", "two", "three"))
		heard := 0
		spec := s.spec("slow")
		spec.Handler = func(messages.Received) {
			time.Sleep(time.Second)
			heard++
		}
		ch := s.open(spec)
		_, err := ch.Wait(s.t.Context())
		s.must(err)
		synctest.Wait()
		s.must(s.fleet.Drain(s.t.Context()))
		if heard != 3 {
			t.Errorf("the handler heard %d messages", heard)
		}
	})
}
