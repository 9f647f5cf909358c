package supervisor

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// From inside a callback its own channel may be used, whatever that does to the
// attempt that the callback belongs to. Nothing waits for anything there.
func TestACallbackMayUseItsChannel(t *testing.T) {
	calls := map[string]struct {
		do   func(ctx context.Context, ch *Channel) error
		then messages.Status
	}{
		"Join": {func(ctx context.Context, ch *Channel) error {
			room, err := ch.Join(ctx, RoomSpec{ID: "r"})
			if err == nil {
				_, err = room.Send(ctx, messages.Text("hello"))
			}
			return err
		}, messages.Ready},
		"Connect":    {func(ctx context.Context, ch *Channel) error { return ch.Connect(ctx) }, messages.Ready},
		"Redial":     {func(ctx context.Context, ch *Channel) error { return ch.Redial(ctx, "why not") }, messages.Ready},
		"Pause":      {func(ctx context.Context, ch *Channel) error { return ch.Pause(ctx) }, messages.Held},
		"Disconnect": {func(ctx context.Context, ch *Channel) error { return ch.Disconnect(ctx, messages.Logout) }, messages.Closed},
		"Drain":      {func(ctx context.Context, ch *Channel) error { return ch.Drain(ctx) }, messages.Closed},
		"Renew": {func(ctx context.Context, ch *Channel) error {
			if err := ch.Renew(ctx, numbered(7)); err != nil && !errors.Is(err, messages.ReasonNotSupported) {
				return err
			}
			return nil
		}, messages.Ready},
		"Close": {func(ctx context.Context, ch *Channel) error { return ch.Close(ctx) }, messages.Closed},
	}
	for call, test := range calls {
		for _, callback := range []string{"Syncer", "Fetch", "Address", "Token"} {
			t.Run(call+" in "+callback, func(t *testing.T) {
				inClub(t, func(s *clubbed) {
					done, took := false, time.Duration(0)
					inside := func() {
						if done {
							return
						}
						done = true
						ch, _ := s.fleet.Channel("a")
						start := time.Now()
						ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
						defer cancel()
						if err := test.do(ctx, ch); err != nil {
							t.Error(err)
						}
						took = time.Since(start)
					}
					spec := s.spec("a")
					spec.Protocol = s.club
					spec.Credentials = StaticToken("alice", "s3cret")
					switch callback {
					case "Syncer":
						spec.Syncer = func(context.Context, *Sync) error { inside(); return nil }
					case "Fetch":
						spec.Credentials = &Credentials{Fetch: func(context.Context, TokenRequest) (messages.Token, error) { inside(); return numbered(1), nil }}
					case "Address":
						spec.Address = transport.AddressFunc(func(context.Context, transport.AddressRequest) (transport.Target, error) {
							inside()
							return transport.Target{URL: s.server.URL + "/a"}, nil
						})
					}
					ch := s.open(spec)
					if callback == "Token" {
						_, _ = ch.Join(s.t.Context(), RoomSpec{ID: "t", Token: func(context.Context, messages.RoomTokenRequest) (messages.Token, error) {
							inside()
							return numbered(2), nil
						}})
					}
					elapse(10 * time.Minute)
					if got := ch.Snapshot().Status; !done || got != test.then {
						t.Errorf("called: %v; the channel is %s", done, got)
					}
					if took > time.Second {
						t.Errorf("it took %v", took)
					}
				})
			})
		}
	}
}

// The fleet waits for its callbacks, so a callback that closes it waits for itself.
// That ends with the time of WithShutdown, and with an error that says so.
func TestACallbackThatClosesItsFleetIsNotWaitedForForEver(t *testing.T) {
	for callback, open := range map[string]func(s *scene, inside func()){
		"Syncer": func(s *scene, inside func()) {
			spec := s.spec("a")
			spec.Syncer = func(context.Context, *Sync) error { inside(); return nil }
			s.open(spec)
		},
		"Fetch": func(s *scene, inside func()) {
			spec := s.spec("a")
			spec.Credentials = &Credentials{Fetch: func(context.Context, TokenRequest) (messages.Token, error) { inside(); return numbered(1), nil }}
			s.open(spec)
		},
		"Handler": func(s *scene, inside func()) {
			spec := s.spec("a")
			spec.Handler = func(messages.Received) { inside() }
			s.wait(s.open(spec), messages.Ready)
			s.server.Conns()[0].Send("hello")
		},
	} {
		for end, close := range map[string]func(*Fleet) error{
			"Close": func(f *Fleet) error { return f.Close(context.Background()) },
			"Drain": func(f *Fleet) error { return f.Drain(context.Background()) },
		} {
			t.Run(end+" in "+callback, func(t *testing.T) {
				inScene(t, func(s *scene) {
					took := time.Duration(-1)
					open(s, func() {
						start := time.Now()
						if err := close(s.fleet); err == nil {
							t.Error("it did not wait for itself")
						}
						took = time.Since(start)
					})
					elapse(2 * time.Minute)
					if took < 0 || took > time.Minute {
						t.Errorf("it took %v", took)
					}
				})
			})
		}
	}
}
