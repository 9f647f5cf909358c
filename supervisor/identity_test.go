package supervisor

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/messages/vocabulary"
	"github.com/seed14814784/holdfast/transport"
)

// bouncer is a backend that wants a token at the login, and takes another one on
// the live connection. What the echoing server sends back is its answer.
type bouncer struct {
	mu      sync.Mutex
	revoked map[string]bool
	logins  int
	renewed int
	repeats bool // it shows what it rejects
}

// Name implements transport.Protocol.
func (*bouncer) Name() string { return "bouncer" }

// Traits implements transport.Protocol.
func (*bouncer) Traits() transport.Traits { return transport.Traits{} }

// NewSession implements transport.Protocol.
func (b *bouncer) NewSession(o transport.Opening) transport.Session {
	return &guest{bouncer: b, token: o.Token}
}

func (b *bouncer) set(change func(*bouncer)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b)
}

type guest struct {
	plain
	*bouncer
	token messages.Token
}

func say(link transport.Link, word string, token messages.Token) error {
	return link.Write(transport.Frame{Kind: transport.FrameText, Data: []byte(word + " " + token.Secret.Reveal())})
}

// Open implements transport.Session.
func (g *guest) Open(link transport.Link) error { return say(link, "LOGIN", g.token) }

// Renew implements transport.Renewer.
func (g *guest) Renew(link transport.Link, token messages.Token) error {
	return say(link, "RENEW", token)
}

// Receive implements transport.Session.
func (g *guest) Receive(link transport.Link, f transport.Frame) error {
	word, secret, _ := strings.Cut(string(f.Data), " ")
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.revoked[secret]:
		reason := messages.Reason{Code: messages.ReasonAuthRejected}
		if g.repeats {
			reason.Detail, reason.Wire.Text = "the token "+secret+" will not do", secret
		}
		return &messages.Error{Op: "login", Reason: reason}
	case word == "LOGIN":
		g.logins++
		link.LoggedIn(transport.Login{})
	case word == "RENEW":
		g.renewed++
		link.Renewed(0)
	}
	return nil
}

// crowded is a scene with that many channels of one identity.
func crowded(t *testing.T, size int, life time.Duration, play func(*scene, *bouncer, *bank, []*Channel)) {
	inScene(t, func(s *scene) {
		tokens := &bank{opened: time.Now()}
		tokens.answer = func(_ context.Context, n int) (messages.Token, error) {
			time.Sleep(100 * ms)
			token := numbered(n)
			if life > 0 {
				token.Expires = time.Now().Add(life)
			}
			return token, nil
		}
		alice, backend := &Credentials{Identity: "alice", Fetch: tokens.fetch}, &bouncer{revoked: map[string]bool{}}
		channels := make([]*Channel, size)
		for i := range channels {
			spec := s.spec(messages.ChannelID(fmt.Sprintf("c%d", i)))
			spec.Credentials, spec.Protocol, spec.Keepalive.Interval = alice, backend, Never
			channels[i] = s.open(spec)
		}
		for _, ch := range channels {
			s.wait(ch, messages.Ready)
		}
		play(s, backend, tokens, channels)
	}, WithLimits(Limits{PerSecond: 10000, Burst: 10000, Concurrent: 10000}), WithObserverQueue(100000))
}

// told is what has happened so far.
func (s *scene) told() []messages.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

// will is how many channels said that their login ends, and how many statuses
// other than Ready there were.
func (s *scene) will() (warned, changes int) {
	for _, e := range s.told() {
		switch e := e.(type) {
		case messages.TokenWillExpire:
			warned++
		case messages.StatusChanged:
			if e.Cur != messages.Ready {
				changes++
			}
		}
	}
	return warned, changes
}

func TestAThousandChannelsLogInWithOneRefresh(t *testing.T) {
	crowded(t, 1000, 0, func(_ *scene, backend *bouncer, tokens *bank, _ []*Channel) {
		if tokens.count() != 1 || backend.logins != 1000 {
			t.Errorf("%d refreshes for %d logins", tokens.count(), backend.logins)
		}
	})
}

func TestAThousandTokensThatExpireTogetherAreOneRefresh(t *testing.T) {
	crowded(t, 1000, time.Hour, func(s *scene, backend *bouncer, tokens *bank, _ []*Channel) {
		s.forget()
		elapse(time.Hour)
		if warned, changes := s.will(); warned != 1000 || changes != 0 {
			t.Errorf("%d of 1000 channels told of it, %d changes of status", warned, changes)
		}
		if tokens.count() != 2 || backend.renewed != 1000 || backend.logins != 1000 {
			t.Errorf("%d refreshes, %d renewals, %d logins", tokens.count()-1, backend.renewed, backend.logins-1000)
		}
	})
}

func TestAThousandLoginsThatAreRejectedTogetherAreOneRefresh(t *testing.T) {
	crowded(t, 1000, 0, func(s *scene, backend *bouncer, tokens *bank, channels []*Channel) {
		backend.set(func(b *bouncer) { b.revoked["s3cret-1"] = true })
		s.server.Drop()
		elapse(time.Minute)
		for _, ch := range channels {
			if status := ch.Snapshot().Status; status != messages.Ready {
				t.Fatalf("%s is %s\n%s", ch.ID(), status, s.story(ch.ID()))
			}
		}
		if tokens.count() != 2 || backend.logins != 2000 {
			t.Errorf("%d refreshes, %d logins", tokens.count()-1, backend.logins-1000)
		}
	})
}

// The callback answers again only when every login has ended.
func TestAThousandLoginsThatEndTogetherAreOneRefresh(t *testing.T) {
	crowded(t, 1000, time.Hour, func(s *scene, _ *bouncer, tokens *bank, channels []*Channel) {
		answer := tokens.answer
		tokens.say(func(ctx context.Context, n int) (messages.Token, error) {
			if time.Since(s.start) < time.Hour {
				return messages.Token{}, errors.New("the token service is down")
			}
			return answer(ctx, 2)
		})
		elapse(time.Hour - time.Minute)
		before := tokens.count()
		if before > 1000 {
			t.Errorf("%d calls were in vain", before)
		}
		elapse(2 * time.Minute)
		for _, ch := range channels {
			if status := ch.Snapshot().Status; status != messages.Ready {
				t.Fatalf("%s is %s\n%s", ch.ID(), status, s.story(ch.ID()))
			}
		}
		calls := 0
		for _, at := range tokens.calls {
			if at >= time.Hour {
				calls++
			}
		}
		if calls != 1 {
			t.Errorf("%d calls when it was back", calls)
		}
	})
}

// unrenewable is the bouncer's login without the renewal.
type unrenewable struct{ *bouncer }

// NewSession implements transport.Protocol.
func (u unrenewable) NewSession(o transport.Opening) transport.Session {
	return struct{ transport.Session }{u.bouncer.NewSession(o)}
}

func TestLoginsThatCannotBeRenewedAreMadeAnewOneAfterAnother(t *testing.T) {
	inScene(t, func(s *scene) {
		tokens := &bank{opened: time.Now()}
		tokens.answer = func(_ context.Context, n int) (messages.Token, error) {
			token := numbered(n)
			token.Expires = time.Now().Add(time.Hour)
			return token, nil
		}
		alice := &Credentials{Identity: "alice", Fetch: tokens.fetch}
		for i := range 200 {
			spec := s.spec(messages.ChannelID(fmt.Sprintf("c%d", i)))
			spec.Credentials, spec.Protocol, spec.Keepalive.Interval = alice, unrenewable{&bouncer{}}, Never
			s.wait(s.open(spec), messages.Ready)
		}
		s.forget()
		elapse(time.Hour)
		var minutes [60]int
		for _, e := range s.told() {
			change, ok := e.(messages.StatusChanged)
			if !ok || change.Cur != messages.Queued {
				continue
			}
			if !change.Planned || change.Attempt != 0 || change.Reason.Code != messages.ReasonRotation {
				t.Errorf("not planned: %v", change)
			}
			minutes[int(change.At.Sub(s.start).Minutes())]++
		}
		total, most := 0, 0
		for _, n := range minutes {
			total, most = total+n, max(most, n)
		}
		if total != 200 || most > 40 || tokens.count() != 2 {
			t.Errorf("%d of 200 came anew, %d in one minute, with %d refreshes", total, most, tokens.count()-1)
		}
	})
}

// ZIM's third scenario: the token expires, and nobody renews it; or it is renewed
// in time, and nobody notices.
func TestNoRenewalInTimeEndsAsTheZIMDocumentSays(t *testing.T) {
	for sentence, test := range map[string]struct {
		renew bool
		want  string
	}{
		"nobody renews it":      {false, "[(1,1) (2,0) (0,5)]"},
		"it is renewed in time": {true, "[(1,1) (2,0)]"},
	} {
		inScene(t, func(s *scene) {
			alice := &Credentials{Identity: "alice", Token: numbered(1)}
			alice.Token.Expires = time.Now().Add(time.Hour)
			spec := s.spec("a")
			spec.Credentials, spec.Protocol = alice, &bouncer{}
			ch := s.open(spec)
			s.must(s.fleet.Listen("app", func(e messages.Event) {
				if _, ok := e.(messages.TokenWillExpire); ok && test.renew {
					if err := ch.Renew(s.t.Context(), numbered(2)); err != nil {
						t.Error(err)
					}
				}
			}))
			elapse(2 * time.Hour)
			zim, said := vocabulary.ZIM(), []vocabulary.ZIMChange{}
			for _, e := range s.told() {
				if change, ok := e.(messages.StatusChanged); ok {
					said = append(said, zim.Translate(change)...)
				}
			}
			if got := fmt.Sprint(said); got != test.want {
				t.Errorf("%s: ZIM would say %s", sentence, got)
			}
			if reason := ch.Snapshot().Reason; !test.renew && reason.Code != messages.ReasonCredExpired {
				t.Errorf("%s: %v", sentence, reason)
			}
		})
	}
}

func TestTwoFleetsMayShareAnIdentity(t *testing.T) {
	inScene(t, func(s *scene) {
		tokens := &bank{opened: time.Now()}
		alice, backend := &Credentials{Identity: "alice", Fetch: tokens.fetch}, &bouncer{}
		other, err := New(WithDialer(&transport.WebSocket{NetDial: s.network.Dial}))
		s.must(err)
		for i, fleet := range []*Fleet{s.fleet, other} {
			spec := s.spec(messages.ChannelID(fmt.Sprintf("c%d", i)))
			spec.Credentials, spec.Protocol = alice, backend
			ch, err := fleet.Open(s.t.Context(), spec)
			s.must(err)
			s.wait(ch, messages.Ready)
		}
		s.must(other.Close(s.t.Context()))
		if tokens.count() != 1 {
			t.Errorf("%d refreshes", tokens.count())
		}
	})
}

func TestABadCredentialsCallbackFailsTheAttemptAndNothingHangs(t *testing.T) {
	for sentence, test := range map[string]struct {
		answer func(context.Context, int) (messages.Token, error)
		want   string // the story of the first 11 s
	}{
		"it panics": {func(context.Context, int) (messages.Token, error) { panic("s3cret") }, "0s Backoff CredCallbackError"},
		"it ends its goroutine": {func(context.Context, int) (messages.Token, error) { runtime.Goexit(); return messages.Token{}, nil },
			"0s Backoff CredCallbackError"},
		"it hangs": {func(ctx context.Context, _ int) (messages.Token, error) {
			<-ctx.Done()
			return messages.Token{}, ctx.Err()
		},
			"10s Backoff CredCallbackTimeout"},
		"it does not watch its context": {func(context.Context, int) (messages.Token, error) {
			time.Sleep(time.Hour)
			return messages.Token{}, nil
		},
			"10s Backoff CredCallbackTimeout"},
		"it returns nothing": {func(context.Context, int) (messages.Token, error) { return messages.Token{}, nil }, "0s Backoff CredCallbackError"},
		"it returns an expired token": {func(context.Context, int) (messages.Token, error) {
			return messages.Token{Secret: messages.NewSecret("s3cret"), Expires: time.Now()}, nil
		}, "0s Backoff CredCallbackError"},
		"it says that it is no use": {func(context.Context, int) (messages.Token, error) {
			return messages.Token{}, &messages.Error{Op: "ask", Reason: messages.Reason{Code: messages.ReasonCredUnavailable}}
		}, "0s Failed CredUnavailable"},
	} {
		inScene(t, func(s *scene) {
			tokens := &bank{opened: time.Now(), answer: test.answer}
			spec := s.spec("a")
			spec.Credentials = &Credentials{Fetch: tokens.fetch}
			ch := s.open(spec)
			elapse(11 * time.Second)
			if story := s.story("a"); !strings.HasPrefix(story, "0s Queued UserConnect\n0s Preparing\n"+test.want+"\n") {
				t.Errorf("%s:\n%s", sentence, story)
			}
			s.must(ch.Disconnect(s.t.Context(), messages.Logout)) // it answers at every moment
			elapse(time.Hour)
			if tokens.most > 1 {
				t.Errorf("%s: %d calls at once", sentence, tokens.most)
			}
		})
	}
}

func TestAStaticTokenThatIsRejectedEndsAsFailed(t *testing.T) {
	inScene(t, func(s *scene) {
		spec := s.spec("a")
		spec.Credentials, spec.Protocol = StaticToken("alice", "s3cret"), &bouncer{revoked: map[string]bool{"s3cret": true}}
		ch := s.open(spec)
		s.wait(ch, messages.Failed)
		snapshot := ch.Snapshot()
		if snapshot.Reason.Code != messages.ReasonAuthFailuresExceeded || snapshot.Reason.Action() != messages.ActionLogin {
			t.Errorf("it is Failed because of %v", snapshot.Reason)
		}
		s.must(ch.Renew(s.t.Context(), messages.NewToken("fresh")))
		s.must(ch.Connect(s.t.Context()))
		s.wait(ch, messages.Ready)
	})
}

func TestOneRenewServesAllChannelsOfAStaticToken(t *testing.T) {
	inScene(t, func(s *scene) {
		alice := &Credentials{Identity: "alice", Token: numbered(1)}
		alice.Token.Expires = time.Now().Add(time.Hour)
		backend := &bouncer{}
		list := make([]*Channel, 10)
		for i := range list {
			spec := s.spec(messages.ChannelID(fmt.Sprintf("c%d", i)))
			spec.Credentials, spec.Protocol = alice, backend
			list[i] = s.open(spec)
			s.wait(list[i], messages.Ready)
		}
		next := numbered(2)
		next.Expires = time.Now().Add(24 * time.Hour)
		elapse(50 * time.Minute) // some have asked in vain already
		s.must(list[3].Renew(s.t.Context(), next))
		elapse(time.Hour)
		if backend.renewed != 10 || backend.logins != 10 {
			t.Errorf("%d renewals and %d logins of 10 channels", backend.renewed, backend.logins)
		}
	})
}

func TestBadCredentialsAreNamedByOpen(t *testing.T) {
	inScene(t, func(s *scene) {
		for sentence, test := range map[string]struct {
			credentials *Credentials
			want        []string
		}{
			"nothing in them":   {&Credentials{}, []string{"neither Fetch nor a Token"}},
			"an empty secret":   {StaticToken("alice", ""), []string{`credentials of "alice"`}},
			"negative times":    {&Credentials{Token: numbered(1), Timeout: -1, MinInterval: -2}, []string{"Timeout is -1ns", "MinInterval is -2ns"}},
			"times without end": {&Credentials{Token: numbered(1), Timeout: Never, MinInterval: Never}, []string{"Timeout", "MinInterval"}},
		} {
			spec := s.spec("a")
			spec.Credentials = test.credentials
			_, err := s.fleet.Open(s.t.Context(), spec)
			if !errors.Is(err, messages.ReasonInvalidSpec) {
				t.Errorf("%s: %v", sentence, err)
				continue
			}
			sameLines(t, sentence, err, test.want)
			public(t, err.Error())
		}
	})
}

// everything is all that is logged, with its fields, whatever the formatter
// would make of them.
type everything struct {
	mu    sync.Mutex
	lines []string
}

// Levels implements logrus.Hook.
func (*everything) Levels() []logrus.Level { return logrus.AllLevels }

// Fire implements logrus.Hook.
func (e *everything) Fire(entry *logrus.Entry) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lines = append(e.lines, fmt.Sprintf("%v %s %v %+v %#v", entry.Level, entry.Message, entry.Data, entry.Data, entry.Data))
	return nil
}

// Tokens are given by callbacks, presented, renewed, rejected, repeated by the
// server, lost with a connection, and sent to channels that are gone. Nothing
// that anybody is shown has one in it.
func TestTokensAreNowhere(t *testing.T) {
	book := &everything{}
	logger := logrus.New()
	logger.SetLevel(logrus.TraceLevel)
	logger.AddHook(book)
	logger.SetOutput(discarded{})
	inScene(t, func(s *scene) {
		tokens := &bank{opened: time.Now()}
		tokens.answer = func(_ context.Context, n int) (messages.Token, error) {
			switch n % 5 {
			case 3:
				return messages.Token{}, fmt.Errorf("GET /?refresh_token=%s: 500", tokens.last.Secret.Reveal())
			case 4:
				panic(tokens.last.Secret.Reveal() + " is a bug")
			}
			token := numbered(n)
			token.Expires = time.Now().Add(time.Minute)
			return token, nil
		}
		backend := &bouncer{revoked: map[string]bool{"s3cret-1": true, "s3cret-5": true}, repeats: true}
		alice := &Credentials{Identity: "alice", Token: numbered(1), Fetch: tokens.fetch}
		spec := s.spec("a")
		spec.Credentials, spec.Protocol = alice, backend
		spec.Address = transport.AddressFunc(func(_ context.Context, r transport.AddressRequest) (transport.Target, error) {
			if r.Epoch%4 == 3 {
				return transport.Target{}, fmt.Errorf("GET /where?token=%s: 500", r.Token.Secret.Reveal())
			}
			return transport.Target{URL: s.server.URL + "/a?token=" + r.Token.Secret.Reveal()}, nil
		})
		ch := s.open(spec)
		var shown []any
		for i := range 20 {
			elapse(30 * time.Second)
			shown = append(shown, ch.Renew(s.t.Context(), numbered(100+i)))
			shown = append(shown, ch.Renew(s.t.Context(), messages.Token{User: "s3", Expires: time.Now()}))
			backend.set(func(b *bouncer) { b.revoked[fmt.Sprintf("s3cret-%d", 100+i)] = i%3 == 0 })
			s.server.Drop()
			shown = append(shown, ch.Snapshot(), ch.String())
		}
		s.must(ch.Close(s.t.Context()))
		shown = append(shown, ch.Renew(s.t.Context(), numbered(1)))
		shown = append(shown, spec, &spec, alice, ch, []any{spec, alice}, map[string]*Credentials{"": alice}, keeper{Credentials: alice})
		_, err := s.fleet.Open(s.t.Context(), Spec{Credentials: alice})
		shown = append(shown, err)
		if backend.logins < 10 || tokens.count() < 10 {
			t.Errorf("only %d logins and %d refreshes", backend.logins, tokens.count())
		}
		for _, e := range s.told() {
			shown = append(shown, e)
		}
		for _, x := range shown {
			public(t, fmt.Sprintf("%v\n%+v\n%#v\n%s\n%d\n%q\n%x", x, x, x, x, x, x, x))
		}
	}, WithLogger(logger))
	if len(book.lines) < 100 {
		t.Errorf("only %d lines were logged", len(book.lines))
	}
	public(t, strings.Join(book.lines, "\n"))
}

// discarded is where the lines go that a hook has seen.
type discarded struct{}

// Write implements io.Writer.
func (discarded) Write(b []byte) (int, error) { return len(b), nil }
