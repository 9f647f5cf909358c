package supervisor

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
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
	cases := map[messages.Status]struct {
		prepare func(*scene, *Spec)
		then    func(*scene, *Channel)
	}{
		messages.Idle:   {prepare: func(_ *scene, spec *Spec) { spec.Manual = true }},
		messages.Queued: {prepare: func(s *scene, spec *Spec) { s.fill(spec) }},
		messages.Preparing: {prepare: func(_ *scene, spec *Spec) {
			spec.Address = transport.AddressFunc(func(ctx context.Context, _ transport.AddressRequest) (transport.Target, error) {
				<-ctx.Done()
				return transport.Target{}, ctx.Err()
			})
		}},
		messages.Dialing:        {prepare: func(s *scene, _ *Spec) { s.server.Handle(wstest.Stall(wstest.Requested)) }},
		messages.Authenticating: {prepare: func(_ *scene, spec *Spec) { spec.Protocol = &slowLogin{} }},
		messages.Syncing:        {prepare: func(_ *scene, spec *Spec) { spec.Protocol = &slowLogin{sync: true} }},
		messages.Ready:          {},
		messages.Backoff:        {prepare: func(s *scene, _ *Spec) { s.server.Handle(wstest.Refuse(500)) }},
		messages.Suspended: {prepare: func(s *scene, spec *Spec) {
			s.server.Handle(wstest.Refuse(500))
			spec.MaxRetries, spec.Exhausted = 1, Suspend
		}},
		messages.Held: {then: func(s *scene, ch *Channel) { s.must(ch.Pause(s.t.Context())) }},
		messages.Draining: {prepare: func(_ *scene, spec *Spec) { spec.Protocol = &deaf{} }, then: func(s *scene, ch *Channel) {
			s.wait(ch, messages.Ready)
			_, err := ch.Send(s.t.Context(), messages.Text("never acknowledged"))
			s.must(err)
			go func() { _ = ch.Drain(context.Background()) }()
		}},
		messages.Closing: {then: func(s *scene, ch *Channel) {
			s.wait(ch, messages.Ready)
			s.server.Conns()[0].Silence()
			s.must(ch.Disconnect(s.t.Context(), messages.Logout))
		}},
		messages.Closed: {then: func(s *scene, ch *Channel) {
			s.must(ch.Disconnect(s.t.Context(), messages.Logout))
		}},
		messages.Kicked: {prepare: func(s *scene, _ *Spec) { s.server.Handle(wstest.Kick(4001, "replaced")) }},
		messages.Failed: {prepare: func(s *scene, _ *Spec) { s.server.Handle(wstest.Refuse(403)) }},
	}
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
		test, ok := cases[status]
		if !ok {
			t.Errorf("nothing brings a channel to %s", status)
		}
		for who, end := range ends {
			t.Run(fmt.Sprintf("%s of a channel that is %s", who, status), func(t *testing.T) {
				inScene(t, func(s *scene) {
					spec := s.spec("a")
					if test.prepare != nil {
						test.prepare(s, &spec)
					}
					ch := s.open(spec)
					if test.then != nil {
						synctest.Wait()
						test.then(s, ch)
					}
					s.wait(ch, status)
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

// fill lets one dial at a time through and occupies it with another channel.
func (s *scene) fill(spec *Spec) {
	s.fleet.house.gate.limits.Concurrent = 1
	s.server.Handle(wstest.Stall(wstest.Requested))
	first := s.open(s.spec("first"))
	s.wait(first, messages.Dialing)
	spec.ID = "second"
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
		"resume": ch.Resume(ctx), "redial": ch.Redial(ctx, ""), "drain": ch.Drain(ctx), "renew": ch.Renew(ctx, messages.NewSecret("x")),
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
