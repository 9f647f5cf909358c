package supervisor

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// parrot is a backend, and a session, that repeat the token they were given as
// often as they can.
type parrot struct {
	plain
	token  string
	panics bool
}

// Name implements transport.Protocol.
func (*parrot) Name() string { return "parrot" }

// Traits implements transport.Protocol.
func (*parrot) Traits() transport.Traits { return transport.Traits{Acknowledges: true, Rooms: true} }

// NewSession implements transport.Protocol.
func (p *parrot) NewSession(o transport.Opening) transport.Session {
	return &parrot{token: o.Token.Secret.Reveal(), panics: p.panics}
}

// words are a reason full of the token.
func (p *parrot) words(code messages.Code) messages.Reason {
	return messages.Reason{Code: code, Wire: messages.Wire{Text: p.token}, Detail: p.token + " is not welcome"}
}

// Send implements transport.Session.
func (p *parrot) Send(link transport.Link, id messages.MessageID, m messages.Message) error {
	switch {
	case p.panics:
		panic(p.token + " is a bug")
	case m.Type == "refused":
		return &messages.Error{Op: "send", Reason: p.words(messages.ReasonInvalidMessage)}
	}
	link.Acknowledge(id, p.words(messages.ReasonNack), nil)
	return nil
}

// Join implements transport.RoomSession.
func (p *parrot) Join(link transport.Link, r transport.JoinRequest) error {
	reason := p.words(messages.ReasonJoinRejected)
	reason.Detail += ", nor is " + r.Token.Secret.Reveal()
	link.Room(r.Ticket, transport.RoomNews{Kind: transport.RoomDenied, Reason: reason})
	return nil
}

// Leave implements transport.RoomSession.
func (p *parrot) Leave(transport.Link, transport.Ticket) error { return nil }

// Verify implements transport.RoomSession.
func (p *parrot) Verify(transport.Link, []transport.JoinRequest) error { return nil }

// dialled is a dialer that does something else.
type dialled func(target transport.Target) error

// Dial implements transport.Dialer.
func (d dialled) Dial(_ context.Context, target transport.Target) (transport.Conn, error) {
	return nil, d(target)
}

// Whoever is given a token may repeat it, in an error or in a panic, whole or
// cut short. It is not shown.
func TestWhoRepeatsATokenDoesNotShowIt(t *testing.T) {
	secret := "s3cret-" + strings.Repeat("0123456789", 40)
	repeat := func(r transport.AddressRequest) string { return r.Token.Secret.Reveal() + " is a bug" }
	for sentence, trouble := range map[string]func(*scene, *Spec){
		"an address callback panics": func(_ *scene, spec *Spec) {
			spec.Address = transport.AddressFunc(func(_ context.Context, r transport.AddressRequest) (transport.Target, error) {
				panic(repeat(r))
			})
		},
		"an address callback fails, and has a token of its own": func(_ *scene, spec *Spec) {
			spec.Address = transport.AddressFunc(func(_ context.Context, r transport.AddressRequest) (transport.Target, error) {
				return transport.Target{Token: messages.NewToken("s3cret-own")}, errors.New(repeat(r) + " and s3cret-own")
			})
		},
		"a dialer panics": func(_ *scene, spec *Spec) { spec.Dialer = dialled(func(to transport.Target) error { panic(to.URL) }) },
		"a dialer fails": func(_ *scene, spec *Spec) {
			spec.Dialer = dialled(func(to transport.Target) error { return errors.New(to.URL) })
		},
		"a session panics": func(_ *scene, spec *Spec) { spec.Protocol = &parrot{panics: true} },
		"a handler panics": func(_ *scene, spec *Spec) { spec.Handler = func(messages.Received) { panic(secret) } },
		"a Syncer fails": func(_ *scene, spec *Spec) {
			spec.Syncer = func(context.Context, *Sync) error { return errors.New(secret) }
		},
		"a Syncer panics":                     func(_ *scene, spec *Spec) { spec.Syncer = func(context.Context, *Sync) error { panic(secret) } },
		"a server rejects messages and rooms": func(*scene, *Spec) {},
		"a server cuts the token short": func(s *scene, _ *Spec) {
			s.server.Handle(func(c *wstest.Conn) {
				c.Upgrade()
				time.Sleep(100 * ms)
				c.Kick(4000, secret[:120])
			})
		},
		"a server redirects": func(s *scene, _ *Spec) {
			s.server.Handle(func(c *wstest.Conn) {
				c.Refuse(302, "Location", "https://server/"+secret)
			})
		},
	} {
		book := &everything{}
		logger := logrus.New()
		logger.SetLevel(logrus.TraceLevel)
		logger.AddHook(book)
		logger.SetOutput(discarded{})
		var mu sync.Mutex
		var shown []any
		show := func(x any) {
			mu.Lock()
			defer mu.Unlock()
			shown = append(shown, x)
		}
		inScene(t, func(s *scene) {
			spec := s.spec("a")
			spec.Credentials, spec.Protocol = StaticToken("alice", secret), &parrot{}
			spec.Address = transport.AddressFunc(func(_ context.Context, r transport.AddressRequest) (transport.Target, error) {
				return transport.Target{URL: s.server.URL + "/a?token=" + url.QueryEscape(r.Token.Secret.Reveal())}, nil
			})
			trouble(s, &spec)
			ch := s.open(spec)
			for range 5 {
				elapse(time.Second)
				for _, kind := range []string{"refused", "rejected"} {
					receipt, err := ch.Send(s.t.Context(), messages.Message{Kind: messages.KindText, Type: kind, Data: []byte("hello")})
					show(err)
					if err == nil {
						elapse(100 * ms)
						select {
						case <-receipt.Done():
							outcome, err := receipt.Wait(s.t.Context())
							show(outcome)
							show(err)
						default:
						}
					}
				}
				for _, c := range s.server.Conns() {
					c.Send("boo")
				}
				room, err := ch.Join(s.t.Context(), RoomSpec{ID: "r", Handler: Discard, Token: func(context.Context, messages.RoomTokenRequest) (messages.Token, error) {
					return messages.NewToken("s3cret-room"), nil
				}})
				show(err)
				elapse(100 * ms)
				if err == nil {
					show(room.Snapshot())
				}
			}
			for _, e := range s.told() {
				show(e)
			}
			show(ch.Snapshot())
		}, WithLogger(logger))
		for _, x := range shown {
			public(t, fmt.Sprintf("%v\n%+v\n%#v", x, x, x))
		}
		public(t, strings.Join(book.lines, "\n"))
		if t.Failed() {
			t.Fatalf("when %s", sentence)
		}
	}
}
