package supervisor

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// explosive is a backend whose sessions panic at one of their calls.
type explosive struct {
	plain
	at string
}

// Name implements transport.Protocol.
func (*explosive) Name() string { return "explosive" }

// Traits implements transport.Protocol.
func (p *explosive) Traits() transport.Traits { p.reach("traits"); return transport.Traits{} }

// NewSession implements transport.Protocol.
func (p *explosive) NewSession(transport.Opening) transport.Session { p.reach("session"); return p }

func (p *explosive) reach(place string) {
	if p.at == place {
		panic("at " + place)
	}
}

// Open implements transport.Session.
func (p *explosive) Open(link transport.Link) error { p.reach("open"); return p.plain.Open(link) }

// Receive implements transport.Session.
func (p *explosive) Receive(link transport.Link, f transport.Frame) error {
	p.reach("receive")
	return p.plain.Receive(link, f)
}

// Send implements transport.Session.
func (p *explosive) Send(link transport.Link, id messages.MessageID, m messages.Message) error {
	p.reach("send")
	return p.plain.Send(link, id, m)
}

// Heartbeat implements transport.Session.
func (p *explosive) Heartbeat(link transport.Link) error {
	p.reach("heartbeat")
	return p.plain.Heartbeat(link)
}

// Bye implements transport.Session.
func (p *explosive) Bye(link transport.Link) (int, string) { p.reach("bye"); return 1000, "" }

// Ending implements transport.Session.
func (p *explosive) Ending(r messages.Reason) messages.Reason { p.reach("ending"); return r }

// neighbour leads a life with a drop, a refusal, messages, heartbeats and a
// logout, next to a channel that has trouble, and tells the story.
func neighbour(t *testing.T, trouble func(*scene) *Spec) (story, log string) {
	t.Helper()
	inScene(t, func(s *scene) {
		ctx := s.t.Context()
		var bad *Channel
		if trouble != nil {
			if spec := trouble(s); spec != nil {
				bad = s.open(*spec)
			}
		}
		ch := s.ready("good")[0]
		provoke := func() {
			time.Sleep(10 * time.Second)
			if bad != nil { // whatever it answers
				_, _ = bad.Send(ctx, messages.Text("provoke"))
				short, cancel := context.WithTimeout(ctx, 1)
				defer cancel()
				_, _ = bad.Ping(short)
			}
			receipt, err := ch.Send(ctx, messages.Text("hello"))
			s.must(err)
			if _, err := receipt.Wait(ctx); err != nil {
				t.Error(err)
			}
			time.Sleep(10 * time.Second)
		}
		provoke()
		for _, c := range s.server.Conns("/good") {
			c.Drop()
		}
		time.Sleep(10 * time.Second)
		provoke()
		for _, c := range s.server.Conns("/bad") {
			c.Drop()
		}
		time.Sleep(time.Minute)
		provoke()
		if bad != nil {
			go func() { _ = bad.Disconnect(context.Background(), messages.Logout) }()
		}
		provoke()
		if bad != nil { // it is still there and answers
			if got := bad.Snapshot(); got.Channel != "bad" {
				t.Errorf("no snapshot: %+v", got)
			}
			if err := bad.Close(ctx); err != nil {
				t.Errorf("closing the one with trouble: %v", err)
			}
		}
		s.must(ch.Disconnect(ctx, messages.Logout))
		time.Sleep(time.Second)
		story = s.story("good")
		log = s.written()
	}, WithLimits(Limits{Concurrent: 1000}))
	return story, log
}

func TestNobodyNoticesANeighboursTrouble(t *testing.T) {
	alone, _ := neighbour(t, nil)
	if !strings.Contains(alone, "Backoff ReadEOF") || !strings.HasSuffix(alone, "Closed UserDisconnect\n") {
		t.Fatalf("a dull life:\n%s", alone)
	}
	spec := func(change func(*scene, *Spec)) func(*scene) *Spec {
		return func(s *scene) *Spec {
			bad := s.spec("bad")
			change(s, &bad)
			return &bad
		}
	}
	troubles := map[string]struct {
		trouble func(*scene) *Spec
		logged  string
	}{
		"a handler that panics": {spec(func(_ *scene, b *Spec) { b.Handler = func(messages.Received) { panic("handler") } }), "handler"},
		"a handler that leaves": {spec(func(_ *scene, b *Spec) { b.Handler = func(messages.Received) { runtime.Goexit() } }), ""},
		"a handler that is slow": {spec(func(_ *scene, b *Spec) {
			b.Handler = func(messages.Received) { time.Sleep(5 * time.Second) }
		}), ""},
		"an address callback that panics": {spec(func(_ *scene, b *Spec) {
			b.Address = transport.AddressFunc(func(context.Context, transport.AddressRequest) (transport.Target, error) { panic("callback") })
		}), "callback"},
		"an address callback that returns rubbish": {spec(func(_ *scene, b *Spec) {
			b.Address = transport.AddressFunc(func(context.Context, transport.AddressRequest) (transport.Target, error) {
				return transport.Target{URL: "::"}, nil
			})
		}), "CredCallbackError"},
		"an address callback that hangs": {spec(func(_ *scene, b *Spec) {
			b.Address = transport.AddressFunc(func(ctx context.Context, _ transport.AddressRequest) (transport.Target, error) {
				<-ctx.Done()
				return transport.Target{}, ctx.Err()
			})
		}), "CredCallbackTimeout"},
		"a dialer that panics": {spec(func(_ *scene, b *Spec) {
			b.Dialer = transport.DialerFunc(func(context.Context, transport.Target) (transport.Conn, error) { panic("dialer") })
		}), "dialer"},
		"a dialer that returns nothing": {spec(func(_ *scene, b *Spec) {
			b.Dialer = transport.DialerFunc(func(context.Context, transport.Target) (transport.Conn, error) { return nil, nil })
		}), "neither a connection nor an error"},
		"a strategy that panics": {spec(func(s *scene, b *Spec) {
			b.Strategy = StrategyFunc(func(Failure) Verdict { panic("strategy") })
		}), "strategy"},
		"a strategy that never waits": {spec(func(s *scene, b *Spec) {
			b.Strategy = StrategyFunc(func(Failure) Verdict { return Verdict{} })
		}), ""},
		"an observer that panics": {func(s *scene) *Spec {
			s.must(s.fleet.Listen("bad", func(messages.Event) { panic("observer") }))
			return nil
		}, "observer"},
		"a loop that stands still": {func(s *scene) *Spec {
			go func() {
				for range s.fleet.Events(context.Background()) {
					<-s.t.Context().Done()
				}
			}()
			return nil
		}, ""},
		"a server that refuses": {spec(func(s *scene, b *Spec) {
			other := s.network.NewServer("other", wstest.WithTest(s.t), wstest.WithHandler(wstest.Refuse(500)))
			b.Address = transport.Static(other.URL)
		}), "UpgradeStatus"},
	}
	for _, place := range []string{"traits", "session", "open", "receive", "send", "heartbeat", "bye", "ending"} {
		logged := "at " + place
		if place == "traits" || place == "bye" || place == "ending" {
			logged = ""
		}
		troubles["a protocol that panics at "+place] = struct {
			trouble func(*scene) *Spec
			logged  string
		}{spec(func(_ *scene, b *Spec) { b.Protocol = &explosive{at: place} }), logged}
	}
	for sentence, test := range troubles {
		t.Run(sentence, func(t *testing.T) {
			story, log := neighbour(t, test.trouble)
			if story != alone {
				t.Errorf("got:\n%s\nalone:\n%s", story, alone)
			}
			if !strings.Contains(log, test.logged) {
				t.Errorf("%q is not in the log:\n%s", test.logged, log)
			}
		})
	}
}

func TestAHandlerMayUseItsOwnChannel(t *testing.T) {
	for sentence, call := range map[string]func(*scene, *Channel) error{
		"Send": func(s *scene, ch *Channel) error {
			_, err := ch.Send(s.t.Context(), messages.Text("again"))
			return err
		},
		"Ping":       func(s *scene, ch *Channel) error { _, err := ch.Ping(s.t.Context()); return err },
		"Disconnect": func(s *scene, ch *Channel) error { return ch.Disconnect(s.t.Context(), messages.Logout) },
		"Drain":      func(s *scene, ch *Channel) error { return ch.Drain(s.t.Context()) },
		"Close":      func(s *scene, ch *Channel) error { return ch.Close(s.t.Context()) },
		"Redial":     func(s *scene, ch *Channel) error { return ch.Redial(s.t.Context(), "from the handler") },
		"Wait":       func(s *scene, ch *Channel) error { _, err := ch.Wait(s.t.Context()); return err },
		"Open": func(s *scene, _ *Channel) error {
			other, err := s.fleet.Open(s.t.Context(), s.spec("other"))
			return errors.Join(err, other.Close(s.t.Context()))
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			inScene(t, func(s *scene) {
				spec, done, first := s.spec("a"), make(chan error, 1), true
				var ch *Channel
				spec.Handler = func(messages.Received) {
					if first {
						first = false
						done <- call(s, ch)
					}
				}
				ch = s.open(spec)
				s.wait(ch, messages.Ready)
				_, err := ch.Send(s.t.Context(), messages.Text("hello"))
				s.must(err)
				s.must(<-done)
			})
		})
	}
}

// More panics of a handler than the budget allows end the channel, and a
// connect of the user begins anew.
func TestAHandlerThatGoesOnPanickingFailsItsChannel(t *testing.T) {
	inScene(t, func(s *scene) {
		s.server.Handle(wstest.Push("a", "b", "c"))
		spec, calls := s.spec("a"), 0
		spec.Panics = PanicBudget{Max: 3, Within: time.Minute}
		spec.Handler = func(messages.Received) { calls++; panic(fmt.Sprint("call ", calls)) }
		ch := s.open(spec)
		s.wait(ch, messages.Failed)
		synctest.Wait()
		if got := ch.Snapshot(); got.Reason.Code != messages.ReasonRestartIntensity || got.Panics < 4 {
			t.Errorf("got %+v", got)
		}
		failed := calls
		time.Sleep(time.Hour)
		if calls != failed {
			t.Error("it went on")
		}
		s.must(ch.Connect(s.t.Context()))
		s.wait(ch, messages.Ready)
		if calls == failed {
			t.Error("it did not begin anew")
		}
	})
}
