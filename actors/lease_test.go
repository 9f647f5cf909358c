package actors

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// vault gives tokens t1, t2 and so on: the same until it is stale or expired,
// then the next. Each is good for life, if that is not 0.
type vault struct {
	life time.Duration

	mu    sync.Mutex
	token messages.Token
	calls int
	fail  error
	hang  bool
	boom  any
	shy   bool // it has nothing newer
}

// Token implements Credentials.
func (v *vault) Token(ctx context.Context, stale messages.Token) (messages.Token, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.token.IsZero() && (v.shy || v.token != stale && !v.token.Expired(time.Now())) {
		return v.token, nil
	}
	switch {
	case v.boom == "goexit":
		runtime.Goexit()
	case v.boom != nil:
		panic(v.boom)
	case v.fail != nil:
		return messages.Token{}, v.fail
	case v.hang:
		v.mu.Unlock()
		<-ctx.Done()
		v.mu.Lock()
		return messages.Token{}, &messages.Error{Op: "fetch", Reason: messages.Reason{Code: messages.ReasonCredCallbackTimeout}}
	}
	v.calls++
	v.token = messages.NewToken(fmt.Sprintf("t%d", v.calls))
	if v.life > 0 {
		v.token.Expires = time.Now().Add(v.life)
	}
	return v.token, nil
}

// Put implements Credentials.
func (v *vault) Put(token messages.Token) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if token.IsZero() {
		return &messages.Error{Op: "put", Reason: messages.Reason{Code: messages.ReasonInvalidSpec}}
	}
	v.token = token
	return nil
}

func (v *vault) set(change func(*vault)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	change(v)
}

func why(code messages.Code) error {
	return &messages.Error{Op: "test", Reason: messages.Reason{Code: code}}
}

// withTokens is a stage whose channel logs in with what the vault gives.
func withTokens(t *testing.T, v *vault, change func(*Settings)) *stage {
	s := newStage(t, func(settings *Settings) {
		settings.Protocol, settings.Credentials, settings.Refreshable = script{login: true}, v, true
		settings.Keepalive.OneWay = true // so that uptime is proof enough of stability
		if change != nil {
			change(settings)
		}
	})
	s.peer.answers = obliging
	return s
}

func TestALoginIsRenewedOnTheLiveConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := withTokens(t, &vault{life: 100 * time.Second}, nil)
		s.ask(messages.Connect{})
		s.after(200 * time.Second)
		s.expect(`
			0s Queued UserConnect
			0s Preparing
			0s Dialing
			0s Authenticating
			0s Ready
			0s peer got "LOGIN t1"
			1m25s will expire in 15s
			1m25s updated CredentialRenewed
			1m25s peer got "RENEW t2"
			2m50s will expire in 15s
			2m50s updated CredentialRenewed
			2m50s peer got "RENEW t3"`)
		s.end()
	})
}

func TestARenewalWaitsForRoomInTheSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := withTokens(t, &vault{life: 100 * time.Second}, nil)
		s.ask(messages.Connect{})
		s.skip()
		s.after(84 * time.Second)
		s.peer.last().clog(true)
		s.after(3 * time.Second)
		s.peer.last().clog(false)
		s.after(time.Second)
		s.expect(`
			1m25s will expire in 15s
			1m27s updated CredentialRenewed
			1m27s peer got "RENEW t2"`)
		s.end()
	})
}

func TestTheServersWordAboutTheEndCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := withTokens(t, &vault{life: time.Hour}, nil)
		s.peer.answers = func(s *socket, message string) {
			switch {
			case strings.HasPrefix(message, "LOGIN"):
				s.send("OK n1 20s")
			case message == "RENEW t2":
				s.send("RENEWED 40s")
			default:
				s.send("RENEWED 2h")
			}
		}
		s.connect()
		s.after(70 * time.Minute)
		s.expect(`
			17s will expire in 3s
			17s updated CredentialRenewed
			17s peer got "RENEW t2"
			51s will expire in 6s
			51s updated CredentialRenewed
			51s peer got "RENEW t3"
			51m51s will expire in 9m0s // the token ends before the server's 2h
			51m51s updated CredentialRenewed
			51m51s peer got "RENEW t4"`)
		s.end()
	})
}

func TestAProtocolThatCannotRenewGetsAFreshConnectionInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := withTokens(t, &vault{life: 100 * time.Second}, func(settings *Settings) { settings.Protocol = transport.Raw() })
		s.connect()
		s.after(99 * time.Second)
		s.expect(`
			1m25s will expire in 15s
			1m31.75s Queued Rotation
			1m31.75s Preparing
			1m31.75s Dialing
			1m31.75s Authenticating
			1m31.75s Ready`)
		if last := s.statuses[len(s.statuses)-1]; last.Attempt != 0 {
			t.Errorf("it was counted: %+v", last)
		}
		s.end()
	})
}

func TestCredentialsThatFailAreAskedAgainUntilTheLoginEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{life: 100 * time.Second}
		s := withTokens(t, v, nil)
		s.connect()
		v.set(func(v *vault) { v.fail = why(messages.ReasonCredCallbackError) })
		s.after(101 * time.Second)
		v.set(func(v *vault) { v.fail = nil })
		s.after(5 * time.Second)
		s.expect(`
			1m25s will expire in 15s
			1m25s finding CredCallbackError
			1m40s Queued CredExpired
			1m40s Preparing
			1m40s Backoff CredCallbackError
			1m42s Queued
			1m42s Preparing
			1m42s Dialing
			1m42s Authenticating
			1m42s Ready
			1m42s peer got "LOGIN t2"`)
		s.end()
	})
}

func TestCredentialsThatFailOnceRenewBeforeTheEnd(t *testing.T) {
	for sentence, trouble := range map[string]func(*vault){
		"an error": func(v *vault) { v.fail = errors.New("out of order") },
		"a panic":  func(v *vault) { v.boom = "bug" },
		"goexit":   func(v *vault) { v.boom = "goexit" },
		"nothing":  func(v *vault) { v.shy = true },
	} {
		synctest.Test(t, func(t *testing.T) {
			v := &vault{life: 100 * time.Second}
			s := withTokens(t, v, nil)
			s.connect()
			v.set(trouble)
			s.after(90 * time.Second)
			v.set(func(v *vault) { v.fail, v.boom, v.shy = nil, nil, false })
			s.after(9 * time.Second)
			finding := "1m25s finding CredCallbackError\n"
			if sentence == "nothing" {
				finding = ""
			}
			s.expect("1m25s will expire in 15s\n" + finding + `1m32.5s updated CredentialRenewed
				1m32.5s peer got "RENEW t2"`)
			s.end()
		})
		if t.Failed() {
			t.Fatalf("with %s", sentence)
		}
	}
}

func TestALoginThatNobodyCanRenewEndsAsFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{life: 100 * time.Second}
		s := withTokens(t, v, func(settings *Settings) { settings.Refreshable = false })
		s.connect()
		v.set(func(v *vault) { v.shy = true })
		s.after(time.Hour)
		s.expect(`
			1m25s will expire in 15s
			1m40s Failed CredExpired`)
		last := s.statuses[len(s.statuses)-1]
		if last.Action != messages.ActionRenew {
			t.Errorf("the advice is %s", last.Action)
		}
		fresh := messages.NewToken("fresh")
		if reply, _ := s.ask(messages.Renew{Token: fresh}).(messages.Reply); reply != (messages.Reply{Status: messages.Failed}) {
			t.Errorf("renewed while Failed: %+v", reply)
		}
		s.ask(messages.Connect{})
		s.after(time.Second)
		if got := s.peer.last().received(); len(got) != 1 || got[0] != "LOGIN fresh" || s.status() != messages.Ready {
			t.Errorf("the peer got %q, and the channel is %s", got, s.status())
		}
		s.end()
	})
}

func TestAnAddressWithATokenIsAskedAgainWhenItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		s := newStage(t, func(settings *Settings) {
			settings.Protocol, settings.Refreshable = script{login: true}, true
			settings.Keepalive.OneWay = true
			settings.Address = transport.AddressFunc(func(_ context.Context, r transport.AddressRequest) (transport.Target, error) {
				asked++
				token := messages.Token{Secret: messages.NewSecret(fmt.Sprintf("t%d-%v", asked, r.Refresh)), Expires: time.Now().Add(time.Minute)}
				return transport.Target{URL: "ws://peer/", Token: token}, nil
			})
		})
		s.peer.answers = obliging
		s.ask(messages.Connect{})
		s.after(61 * time.Second)
		s.expect(`
			0s Queued UserConnect
			0s Preparing
			0s Dialing
			0s Authenticating
			0s Ready
			0s peer got "LOGIN t1-false"
			51s will expire in 9s
			1m0s Queued CredExpired
			1m0s Preparing
			1m0s Dialing
			1m0s Authenticating
			1m0s Ready
			1m0s peer got "LOGIN t2-true"`)
		s.end()
	})
}

func TestAnExpiredTokenOfAnAddressIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) {
			settings.Address = transport.AddressFunc(func(context.Context, transport.AddressRequest) (transport.Target, error) {
				return transport.Target{URL: "ws://peer/", Token: messages.Token{Secret: messages.NewSecret("old"), Expires: time.Now()}}, nil
			})
		})
		s.ask(messages.Connect{})
		s.expect(`
			0s Queued UserConnect
			0s Preparing
			0s Backoff CredCallbackError`)
		if detail := s.statuses[2].Reason.Detail; detail != "the address callback: its token has expired at 2000-01-01T00:00:00Z" {
			t.Errorf("the detail is %q", detail)
		}
		s.end()
	})
}

// The server closes at the moment at which the login ends: before we notice,
// with a code that says so, or without a word.
func TestAServerThatEndsTheLoginItselfIsComeBackTo(t *testing.T) {
	for sentence, test := range map[string]struct {
		end        func(*socket)
		want       string
		provider   bool
		lastStatus messages.Status
	}{
		"it says so":            {func(s *socket) { s.fail(peerClose(4004, "expired")) }, "1m40s Queued CredExpired", true, messages.Ready},
		"without a word":        {func(s *socket) { s.fail(lost()) }, "1m40s Backoff ReadEOF", true, messages.Ready},
		"it says so, for good":  {func(s *socket) { s.fail(peerClose(4004, "expired")) }, "1m40s Failed CredExpired", false, messages.Failed},
		"without, but for good": {func(s *socket) { s.fail(lost()) }, "1m40s Backoff ReadEOF", false, messages.Failed},
	} {
		synctest.Test(t, func(t *testing.T) {
			v := &vault{life: 100 * time.Second}
			s := withTokens(t, v, func(settings *Settings) { settings.Refreshable = test.provider })
			s.connect()
			v.set(func(v *vault) {
				v.fail = why(messages.ReasonCredUnavailable)
				if test.provider {
					v.fail = why(messages.ReasonCredCallbackError)
				}
			})
			s.after(90 * time.Second)
			s.skip()
			time.AfterFunc(10*time.Second-time.Microsecond, func() { test.end(s.peer.last()) })
			s.after(10 * time.Second)
			s.mu.Lock()
			if got := s.script(); !strings.HasPrefix(got, test.want) {
				t.Errorf("%s: the channel went\n%s", sentence, got)
			}
			s.mu.Unlock()
			if test.provider {
				v.set(func(v *vault) { v.fail = nil })
			}
			s.after(time.Minute)
			if s.status() != test.lastStatus {
				t.Errorf("%s: the channel is %s", sentence, s.status())
			}
			s.end()
		})
	}
}

func TestARejectedLoginAsksForAnotherTokenOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{}
		s := withTokens(t, v, nil)
		s.peer.answers = func(s *socket, message string) {
			if message == "LOGIN t1" {
				s.send("CREDENTIALS")
			} else {
				obliging(s, message)
			}
		}
		s.ask(messages.Connect{})
		s.after(2 * time.Second)
		s.expect(`
			0s Queued UserConnect
			0s Preparing
			0s Dialing
			0s Authenticating
			0s Preparing AuthRejected
			0s Dialing
			0s Authenticating
			0s Ready
			0s peer got "LOGIN t1"
			0s peer got "LOGIN t2"`)
		s.end()
	})
}

func TestATokenThatWasRejectedIsNotPresentedAgainForWantOfAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{token: messages.NewToken("bad"), fail: why(messages.ReasonCredCallbackError)}
		s := withTokens(t, v, nil)
		s.peer.answers = func(s *socket, message string) {
			if message == "LOGIN bad" {
				s.send("CREDENTIALS")
			} else {
				obliging(s, message)
			}
		}
		s.ask(messages.Connect{})
		s.after(time.Second)
		v.set(func(v *vault) { v.fail = nil })
		s.after(4 * time.Second)
		s.expect(`
			0s Queued UserConnect
			0s Preparing
			0s Dialing
			0s Authenticating
			0s Preparing AuthRejected
			0s Backoff CredCallbackError
			0s peer got "LOGIN bad"
			2s Queued
			2s Preparing
			2s Dialing
			2s Authenticating
			2s Ready
			2s peer got "LOGIN t1"`)
		s.end()
	})
}

func TestLoginsThatAreRejectedAgainAndAgainEndAsFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{}
		s := withTokens(t, v, nil)
		s.peer.answers = func(s *socket, _ string) { s.send("CREDENTIALS") }
		s.ask(messages.Connect{})
		s.after(time.Hour)
		last := s.statuses[len(s.statuses)-1]
		if last.Cur != messages.Failed || last.Reason.Code != messages.ReasonAuthFailuresExceeded || last.Action != messages.ActionLogin {
			t.Errorf("it ended with %v", last)
		}
		if v.calls != 4 { // one to begin with, and one after each of the three rejections that count
			t.Errorf("%d tokens were fetched", v.calls)
		}
		s.end()
	})
}

func TestRenewFromOutside(t *testing.T) {
	for sentence, test := range map[string]struct {
		protocol    transport.Protocol
		credentials *vault
		up          bool
		token       string
		want        messages.Code
		next        string // what the next login has
	}{
		"live, with credentials":              {script{login: true}, &vault{}, true, "new", 0, "LOGIN new"},
		"live, without":                       {script{login: true}, nil, true, "new", 0, "LOGIN"},
		"live, but the protocol cannot":       {noRenewal{script{login: true}}, &vault{}, true, "new", messages.ReasonNotSupported, "LOGIN new"},
		"not connected, with credentials":     {script{login: true}, &vault{}, false, "new", 0, "LOGIN new"},
		"not connected, without":              {script{login: true}, nil, false, "new", messages.ReasonNotConnected, "LOGIN"},
		"a token that the credentials refuse": {script{login: true}, &vault{}, true, "", messages.ReasonInvalidSpec, "LOGIN t1"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, func(settings *Settings) {
				settings.Protocol = test.protocol
				if test.credentials != nil {
					settings.Credentials = test.credentials
				}
			})
			s.peer.answers = obliging
			if test.up {
				s.connect()
			}
			reply, ok := s.ask(messages.Renew{Token: messages.NewToken(test.token)}).(messages.Reply)
			reason, _ := messages.ReasonOf(reply.Err)
			if !ok || reason.Code != test.want {
				t.Errorf("%s: the answer is %+v", sentence, reply)
			}
			s.ask(messages.Connect{})
			s.ask(messages.Redial{})
			s.after(5 * time.Second)
			if got := s.peer.last().received(); len(got) == 0 || got[0] != test.next {
				t.Errorf("%s: the peer got %q", sentence, got)
			}
			s.end()
		})
	}
}

// noRenewal is a protocol that cannot renew.
type noRenewal struct{ script }

// NewSession implements transport.Protocol.
func (p noRenewal) NewSession(o transport.Opening) transport.Session {
	return struct{ transport.Session }{p.script.NewSession(o)}
}

func TestATokenFromOutsideIsNotPresentedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{life: 100 * time.Second}
		s := withTokens(t, v, nil)
		s.connect()
		fresh := messages.Token{Secret: messages.NewSecret("fresh"), Expires: time.Now().Add(300 * time.Second)}
		s.peer.set(func(p *peer) { p.answers = nil })
		s.after(84 * time.Second)
		s.ask(messages.Renew{Token: fresh})
		s.after(6 * time.Second)
		s.peer.last().send("RENEWED")
		s.after(11 * time.Second)
		s.expect(`
			1m24s peer got "RENEW fresh"
			1m25s will expire in 15s
			1m30s updated CredentialRenewed`)
		s.end()
	})
}

func TestNothingIsLeftOfAQuestionAboutCredentials(t *testing.T) {
	for sentence, then := range map[string]func(*stage){
		"logged out":          func(s *stage) { s.ask(messages.Disconnect{}) },
		"lost":                func(s *stage) { s.peer.last().fail(lost()) },
		"renewed by the peer": func(s *stage) { s.peer.last().send("RENEWED 1h") },
		"closed":              func(*stage) {},
		"crashed": func(s *stage) {
			s.record.tell(func(*channel) { panic("bug") })
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			v := &vault{life: 100 * time.Second}
			s := withTokens(t, v, nil)
			s.connect()
			v.set(func(v *vault) { v.hang = true })
			s.after(86 * time.Second)
			if s.workers.Count() != 2 { // the socket and the question
				t.Errorf("%s: there are %d workers before", sentence, s.workers.Count())
			}
			then(s)
			synctest.Wait()
			v.set(func(v *vault) { v.hang = false })
			s.mu.Lock()
			if got := s.script(); strings.Contains(got, "finding") {
				t.Errorf("%s: somebody was told\n%s", sentence, got)
			}
			s.mu.Unlock()
			s.end()
		})
	}
}

func TestAPeerThatRepeatsATokenDoesNotShowIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{token: messages.NewToken("hush-hush")}
		s := withTokens(t, v, func(settings *Settings) {
			settings.Address = transport.AddressFunc(func(_ context.Context, r transport.AddressRequest) (transport.Target, error) {
				if r.Attempt == 1 {
					return transport.Target{}, fmt.Errorf("GET /?token=%s: refused", r.Token.Secret.Reveal())
				}
				return transport.Target{URL: "ws://peer/"}, nil
			})
		})
		s.connect()
		v.set(func(v *vault) { v.shy = true })
		s.ask(messages.Renew{Token: messages.NewToken("other-one")})
		s.peer.last().fail(peerClose(4999, "hush-hush and other-one are bad"))
		s.after(time.Minute)
		s.peer.set(func(p *peer) {
			p.dial = func() (transport.Conn, error) { return nil, errors.New("other-one is not welcome") }
		})
		s.peer.last().fail(lost())
		s.after(time.Second)
		s.peer.set(func(p *peer) { p.dial = nil })
		s.after(time.Minute)
		s.end()
		for _, e := range s.statuses {
			if line := fmt.Sprintf("%+v %s", e, e.Reason); strings.Contains(line, "hush-hush") || strings.Contains(line, "other-one") {
				t.Errorf("shown: %s", line)
			}
		}
	})
}

// The address callback changes the credentials' token for a ticket. The ticket is
// what the server knows, so nothing else is presented to it.
func TestATicketIsNotRenewedWithWhatItWasBoughtFor(t *testing.T) {
	for sentence, refreshable := range map[string]bool{"credentials that can be fetched": true, "credentials that cannot": false} {
		synctest.Test(t, func(t *testing.T) {
			tickets := 0
			s := withTokens(t, &vault{}, func(settings *Settings) {
				settings.Refreshable = refreshable
				settings.Address = transport.AddressFunc(func(_ context.Context, r transport.AddressRequest) (transport.Target, error) {
					tickets++
					ticket := messages.NewToken(fmt.Sprintf("ticket %d for %s", tickets, r.Token.Secret.Reveal()))
					ticket.Expires = time.Now().Add(time.Minute)
					return transport.Target{URL: "ws://peer/", Token: ticket}, nil
				})
			})
			s.ask(messages.Connect{})
			s.after(90 * time.Second)
			s.mu.Lock()
			heard := s.script()
			s.mu.Unlock()
			if strings.Contains(heard, "RENEW") || !strings.Contains(heard, `1m0s peer got "LOGIN ticket 2 for t1"`) || s.status() != messages.Ready {
				t.Errorf("%s: it is %s\n%s", sentence, s.status(), heard)
			}
			s.end()
		})
	}
}

func TestATokenThatTheAddressRejectsIsFetchedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{}
		var asked []string
		s := withTokens(t, v, func(settings *Settings) {
			settings.Address = transport.AddressFunc(func(_ context.Context, r transport.AddressRequest) (transport.Target, error) {
				asked = append(asked, fmt.Sprintf("%s %v", r.Token.Secret.Reveal(), r.Refresh))
				if r.Token.Secret.Reveal() == "t1" {
					return transport.Target{}, why(messages.ReasonAuthRejected)
				}
				return transport.Target{URL: "ws://peer/"}, nil
			})
		})
		s.ask(messages.Connect{})
		s.after(time.Minute)
		if got := strings.Join(asked, ", "); got != "t1 false, t2 true" || s.status() != messages.Ready {
			t.Errorf("asked with %s; it is %s", got, s.status())
		}
		s.end()
	})
}
