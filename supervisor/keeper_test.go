package supervisor

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/seed14814784/holdfast/actors"
	"github.com/seed14814784/holdfast/messages"
)

// bank is a token service: it counts the calls, and finds two at once.
type bank struct {
	mu     sync.Mutex
	calls  []time.Duration
	flying int
	most   int
	opened time.Time
	last   messages.Token // of the last request
	answer func(ctx context.Context, n int) (messages.Token, error)
}

// fetch is a TokenFunc.
func (b *bank) fetch(ctx context.Context, request TokenRequest) (messages.Token, error) {
	b.mu.Lock()
	b.last = request.Last
	b.calls = append(b.calls, time.Since(b.opened))
	n := len(b.calls)
	b.flying++
	b.most = max(b.most, b.flying)
	answer := b.answer
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		b.flying--
		b.mu.Unlock()
	}()
	if answer != nil {
		return answer(ctx, n)
	}
	return numbered(n), nil
}

// say makes the bank answer otherwise from now on.
func (b *bank) say(answer func(ctx context.Context, n int) (messages.Token, error)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = answer
}

func (b *bank) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.calls)
}

// numbered is the n-th token of a bank.
func numbered(n int) messages.Token {
	return messages.Token{User: "alice", Secret: messages.NewSecret(fmt.Sprintf("s3cret-%d", n))}
}

// counter is where a test asks: credentials with a bank behind them.
type counter struct {
	keeper
	bank *bank

	mu      sync.Mutex
	reports []string
}

func newCounter(answer func(ctx context.Context, n int) (messages.Token, error)) *counter {
	c := &counter{bank: &bank{opened: time.Now(), answer: answer}}
	c.keeper = keeper{&Credentials{Identity: "alice", Fetch: c.bank.fetch}, &actors.Workers{}, func(what string, _ []byte) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.reports = append(c.reports, what)
	}}
	return c
}

// within asks, for at most that long.
func (c *counter) within(d time.Duration, stale messages.Token) (messages.Token, error) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return c.Token(ctx, stale)
}

func codeOf(err error) messages.Code {
	reason, _ := messages.ReasonOf(err)
	return reason.Code
}

func TestAThousandWhoAskTogetherCauseOneCall(t *testing.T) {
	for sentence, answer := range map[string]func(context.Context, int) (messages.Token, error){
		"a token": func(_ context.Context, n int) (messages.Token, error) {
			time.Sleep(time.Second)
			return numbered(n), nil
		},
		"an error": func(context.Context, int) (messages.Token, error) {
			time.Sleep(time.Second)
			return messages.Token{}, errors.New("no")
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := newCounter(answer)
			var same, failed atomic.Int64
			for range 1000 {
				go func() {
					token, err := c.within(10*time.Second, messages.Token{})
					if token == numbered(1) {
						same.Add(1)
					}
					if codeOf(err) == messages.ReasonCredCallbackError {
						failed.Add(1)
					}
				}()
			}
			elapse(time.Minute)
			if c.bank.count() != 1 || same.Load()+failed.Load() != 1000 || same.Load()*failed.Load() != 0 {
				t.Errorf("%s: %d calls, %d got the token, %d the error", sentence, c.bank.count(), same.Load(), failed.Load())
			}
		})
	}
}

func TestBadCallbacksAreTypedErrors(t *testing.T) {
	for sentence, test := range map[string]struct {
		answer  func(context.Context, int) (messages.Token, error)
		want    messages.Code
		words   string
		takes   time.Duration
		reports int
	}{
		"it panics": {func(context.Context, int) (messages.Token, error) { panic("a bug") },
			messages.ReasonCredCallbackError, "panicked: a bug", 0, 1},
		"it ends its goroutine": {func(context.Context, int) (messages.Token, error) { runtime.Goexit(); return messages.Token{}, nil },
			messages.ReasonCredCallbackError, "ended its goroutine", 0, 0},
		"it returns nothing": {func(context.Context, int) (messages.Token, error) { return messages.Token{User: "alice"}, nil },
			messages.ReasonCredCallbackError, "an empty token", 0, 0},
		"it returns an expired token": {func(context.Context, int) (messages.Token, error) {
			token := numbered(1)
			token.Expires = time.Now().Add(-time.Minute)
			return token, nil
		}, messages.ReasonCredCallbackError, "expired at 1999-12-31T23:59:00Z", 0, 0},
		"it returns an error": {func(context.Context, int) (messages.Token, error) { return numbered(1), errors.New("no idea") },
			messages.ReasonCredCallbackError, "no idea", 0, 0},
		"it says that it is no use": {func(context.Context, int) (messages.Token, error) {
			return messages.Token{}, &messages.Error{Op: "ask", Reason: messages.Because(messages.ReasonForbidden, "alice has left")}
		}, messages.ReasonForbidden, "alice has left", 0, 0},
		"it hangs": {func(ctx context.Context, _ int) (messages.Token, error) {
			<-ctx.Done()
			return messages.Token{}, ctx.Err()
		},
			messages.ReasonCredCallbackTimeout, "in time", 10 * time.Second, 0},
		"it hangs for good": {func(context.Context, int) (messages.Token, error) {
			time.Sleep(time.Hour)
			return messages.Token{}, nil
		},
			messages.ReasonCredCallbackTimeout, "in time", 10 * time.Second, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := newCounter(test.answer)
			before := time.Now()
			token, err := c.within(time.Minute, messages.Token{})
			if !token.IsZero() || codeOf(err) != test.want || !strings.Contains(err.Error(), test.words) || !strings.Contains(err.Error(), `credentials of "alice"`) {
				t.Errorf("%s: %v, %v", sentence, token, err)
			}
			if took := time.Since(before); took != test.takes {
				t.Errorf("%s: it took %s", sentence, took)
			}
			public(t, err.Error())
			elapse(2 * time.Hour)
			if c.workers.Count() != 0 || len(c.reports) != test.reports {
				t.Errorf("%s: %d goroutines are left, %q was reported", sentence, c.workers.Count(), c.reports)
			}
		})
	}
}

func TestWhatRepeatsTheLastTokenDoesNotShowIt(t *testing.T) {
	for sentence, answer := range map[string]func() (messages.Token, error){
		"a panic": func() (messages.Token, error) { panic("s3cret-1 is a bug") },
		"an error": func() (messages.Token, error) {
			return numbered(2), errors.New("GET /?refresh=s3cret-1: 200 and s3cret-2, of no use")
		},
		"a reason": func() (messages.Token, error) {
			return messages.Token{}, &messages.Error{Op: "s3cret-1", Reason: messages.Because(messages.ReasonForbidden, "s3cret-1 is over")}
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := newCounter(func(_ context.Context, n int) (messages.Token, error) {
				if n == 1 {
					return numbered(n), nil
				}
				return answer()
			})
			token, _ := c.within(time.Minute, messages.Token{})
			_, err := c.within(time.Minute, token)
			if err == nil {
				t.Errorf("%s: no error", sentence)
			}
			public(t, fmt.Sprintf("%v %+v %#v %q", err, err, err, c.reports))
		})
	}
}

func TestACallThatHangsKeepsItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(func(context.Context, int) (messages.Token, error) { time.Sleep(time.Minute); return numbered(7), nil })
		for i, wait := range []time.Duration{10 * time.Second, 0, 0} { // the first waits, who comes later is told at once
			before := time.Now()
			_, err := c.within(30*time.Second, messages.Token{})
			if codeOf(err) != messages.ReasonCredCallbackTimeout || time.Since(before) != wait {
				t.Errorf("the %dth: %v after %s", i+1, err, time.Since(before))
			}
			elapse(15 * time.Second)
		}
		elapse(time.Minute)
		token, err := c.within(0, messages.Token{})
		if token != numbered(7) || err != nil || c.bank.count() != 1 {
			t.Errorf("what came late: %v, %v, after %d calls", token, err, c.bank.count())
		}
	})
}

func TestAStaleTokenIsReplacedOnceForAllWhoHadIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(nil)
		first, _ := c.within(time.Minute, messages.Token{})
		for range 3 { // at once, and later
			for range 100 {
				go func() {
					if token, err := c.within(time.Minute, first); token != numbered(2) || err != nil {
						t.Errorf("instead of %v: %v, %v", first, token, err)
					}
				}()
			}
			elapse(10 * time.Second)
		}
		if !slices.Equal(c.bank.calls, []time.Duration{0, time.Second}) { // the second had to wait
			t.Errorf("there were calls at %v", c.bank.calls)
		}
	})
}

func TestAnExpiredTokenIsFetchedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(func(_ context.Context, n int) (messages.Token, error) {
			token := numbered(n)
			token.Expires = time.Now().Add(time.Minute)
			return token, nil
		})
		for range 3 {
			_, _ = c.within(time.Minute, messages.Token{})
			elapse(59 * time.Second)
			_, _ = c.within(time.Minute, messages.Token{})
			elapse(time.Second)
		}
		if n := c.bank.count(); n != 3 {
			t.Errorf("there were %d calls", n)
		}
	})
}

func TestATokenFromOutsideIsForEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(func(context.Context, int) (messages.Token, error) { time.Sleep(time.Hour); return numbered(7), nil })
		got := make(chan messages.Token, 3)
		ask := func() { token, _ := c.within(time.Minute, messages.Token{}); got <- token }
		go ask()
		elapse(time.Second)
		if err := c.Put(numbered(9)); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		ask()
		elapse(2 * time.Hour) // what the call brought is older
		ask()
		if a, b, d := <-got, <-got, <-got; a != numbered(9) || b != a || d != a {
			t.Errorf("they got %v, %v, %v", a.Secret.Reveal(), b.Secret.Reveal(), d.Secret.Reveal())
		}
		expired := numbered(10)
		expired.Expires = time.Now()
		if err := c.Put(expired); codeOf(err) != messages.ReasonCredExpired {
			t.Errorf("an expired token: %v", err)
		}
		if err := c.Put(messages.Token{User: "alice"}); codeOf(err) != messages.ReasonInvalidSpec {
			t.Errorf("an empty token: %v", err)
		}
	})
}

func TestACallbackThatPutsATokenGivesThatOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c *counter
		c = newCounter(func(context.Context, int) (messages.Token, error) {
			return messages.Token{}, errors.Join(c.Put(numbered(9)), errors.New("it was put"))
		})
		if token, err := c.within(time.Minute, messages.Token{}); token != numbered(9) || err != nil {
			t.Errorf("got %v, %v", token, err)
		}
	})
}

func TestACallThatNobodyWaitsForIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(func(ctx context.Context, n int) (messages.Token, error) {
			if n > 1 {
				return numbered(n), nil
			}
			<-ctx.Done()
			time.Sleep(2 * time.Second) // it takes its time
			return messages.Token{}, ctx.Err()
		})
		for _, wait := range []time.Duration{time.Second, 2 * time.Second} { // the call ends with the last of them
			go func() { _, _ = c.within(wait, messages.Token{}) }()
		}
		elapse(2500 * ms)
		before := time.Now()
		token, err := c.within(time.Minute, messages.Token{}) // comes while it ends, and gets a call of its own
		if token != numbered(2) || err != nil || time.Since(before) != 1500*ms {
			t.Errorf("got %v, %v after %s", token, err, time.Since(before))
		}
	})
}

func TestStaticCredentialsAnswerAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := keeper{StaticToken("alice", "s3cret"), &actors.Workers{}, nil}
		want := messages.Token{User: "alice", Secret: messages.NewSecret("s3cret")}
		for _, stale := range []messages.Token{{}, want} {
			if token, err := k.Token(t.Context(), stale); token != want || err != nil {
				t.Errorf("instead of %v: %v, %v", stale, token, err)
			}
		}
		fresh := messages.Token{Secret: messages.NewSecret("fresh"), Expires: time.Now().Add(time.Minute)}
		if err := k.Put(fresh); err != nil {
			t.Error(err)
		}
		if token, err := k.Token(t.Context(), want); token != fresh || err != nil {
			t.Errorf("after Put: %v, %v", token, err)
		}
		elapse(time.Minute)
		if _, err := k.Token(t.Context(), messages.Token{}); codeOf(err) != messages.ReasonCredUnavailable {
			t.Errorf("when it has expired: %v", err)
		}
	})
}

// visit is somebody who asks.
type visit struct {
	in      time.Duration // after the one before
	patient time.Duration
	stale   bool // the newest token that anybody got will not do
	put     bool // brings a token instead of asking
}

// service is how a call goes.
type service struct {
	takes    time.Duration
	life     time.Duration // of its token; 0: for ever
	fails    bool
	stubborn bool // does not watch its context
}

// In every schedule: calls never overlap, and begin MinInterval apart; everybody
// is answered before their patience is over; nobody gets a token that has
// expired; and nothing is left behind.
func TestTheCallsAreApartInEverySchedule(t *testing.T) {
	span := func(most int) *rapid.Generator[time.Duration] {
		return rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(max(0, rapid.IntRange(-most/2, most).Draw(t, "ms"))) * ms
		})
	}
	visits := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) visit {
		return visit{span(3000).Draw(t, "in"), span(20000).Draw(t, "patient"), rapid.Bool().Draw(t, "stale"), rapid.IntRange(0, 9).Draw(t, "put") == 0}
	}), 1, 60)
	services := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) service {
		return service{span(15000).Draw(t, "takes"), span(10000).Draw(t, "life"), rapid.Bool().Draw(t, "fails"), rapid.Bool().Draw(t, "stubborn")}
	}), 1, 20)
	rapid.Check(t, func(r *rapid.T) {
		plan, calls := visits.Draw(r, "visits"), services.Draw(r, "calls")
		interval := span(5000).Draw(r, "interval")
		synctest.Test(t, func(*testing.T) {
			c := newCounter(func(ctx context.Context, n int) (messages.Token, error) {
				s := calls[n%len(calls)]
				if s.stubborn {
					time.Sleep(s.takes)
				} else {
					select {
					case <-time.After(s.takes):
					case <-ctx.Done():
						return messages.Token{}, ctx.Err()
					}
				}
				if s.fails {
					return messages.Token{}, errors.New("not now")
				}
				token := numbered(n)
				if s.life > 0 {
					token.Expires = time.Now().Add(s.life)
				}
				return token, nil
			})
			c.MinInterval = interval
			var mu sync.Mutex
			var newest messages.Token
			for i, v := range plan {
				elapse(v.in)
				if v.put {
					if err := c.Put(numbered(1000 + i)); err != nil {
						r.Errorf("put: %v", err)
					}
					continue
				}
				mu.Lock()
				stale := newest
				mu.Unlock()
				if !v.stale {
					stale = messages.Token{}
				}
				go func() {
					before := time.Now()
					token, err := c.within(v.patient, stale)
					now := time.Now()
					mu.Lock()
					defer mu.Unlock()
					switch {
					case now.Sub(before) > v.patient:
						r.Errorf("answered after %s, not within %s", now.Sub(before), v.patient)
					case err != nil && codeOf(err) != messages.ReasonCredCallbackError && codeOf(err) != messages.ReasonCredCallbackTimeout:
						r.Errorf("an error of no kind: %v", err)
					case err == nil && (token.Expired(now) || token == stale):
						r.Errorf("a token that will not do: %v, instead of %v", token, stale)
					case err == nil:
						newest = token
					}
				}()
			}
			elapse(time.Hour)
			if c.bank.most > 1 {
				r.Errorf("%d calls at once", c.bank.most)
			}
			for i, at := range c.bank.calls[min(1, len(c.bank.calls)):] {
				if pause := at - c.bank.calls[i]; pause < c.interval() {
					r.Errorf("calls %s apart, with an interval of %s", pause, c.interval())
				}
			}
			if c.workers.Count() != 0 || c.call != nil {
				r.Errorf("%d goroutines are left", c.workers.Count())
			}
		})
	})
}
