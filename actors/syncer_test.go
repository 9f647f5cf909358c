package actors

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// catchUp plays a story on a stage whose channel has a Syncer.
func catchUp(t *testing.T, policy lifecycle.SyncPolicy, syncer Syncer, play func(s *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) {
			settings.Machine.Sync = policy
			settings.Syncer = syncer
		})
		play(s)
		s.end()
	})
}

// old delivers old messages, one a second.
func old(texts ...string) Syncer {
	return func(_ context.Context, login *Sync) error {
		for _, text := range texts {
			time.Sleep(time.Second)
			if err := login.Deliver(messages.KindText, "", []byte(text)); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestSyncerDeliversBeforeWhatTheServerSaysLive(t *testing.T) {
	catchUp(t, lifecycle.SyncRequired, old("one", "two"), func(s *stage) {
		s.ask(messages.Connect{})
		s.send("question")
		s.peer.last().send("live")
		s.after(time.Minute)
		s.expect(`
			0s Queued UserConnect
			0s Preparing
			0s Dialing
			0s Authenticating
			0s Syncing
			1s heard "one"
			2s Ready
			2s peer got "question"
			2s heard "two"
			2s heard "live"
			2s #1 Written`)
	})
}

func TestSyncerIsCalledAfterEveryLoginAndToldOfIt(t *testing.T) {
	var logins []string
	syncer := func(_ context.Context, login *Sync) error {
		logins = append(logins, fmt.Sprintf("%s %d", login.Channel, login.Epoch))
		return nil
	}
	catchUp(t, lifecycle.SyncRequired, syncer, func(s *stage) {
		s.connect()
		s.peer.last().fail(lost())
		s.after(time.Minute)
		if got := strings.Join(logins, ", "); got != "c 1, c 2" || s.status() != messages.Ready {
			t.Errorf("called for %s; the channel is %s", got, s.status())
		}
	})
}

func TestSyncThatFailsIsAFreshTryOrDegraded(t *testing.T) {
	fails := map[string]struct {
		syncer Syncer
		why    string
	}{
		"an error":  {func(context.Context, *Sync) error { return errors.New("no such list") }, "no such list"},
		"a panic":   {func(context.Context, *Sync) error { panic("boom") }, "the Syncer panicked: boom"},
		"a goexit":  {func(context.Context, *Sync) error { runtime.Goexit(); return nil }, "the Syncer ended its goroutine"},
		"a timeout": {func(ctx context.Context, _ *Sync) error { <-ctx.Done(); return ctx.Err() }, "the Syncer has not returned"},
	}
	for name, test := range fails {
		code := messages.ReasonSyncFailed
		if name == "a timeout" {
			code = messages.ReasonSyncTimeout
		}
		t.Run(name+", required", func(t *testing.T) {
			catchUp(t, lifecycle.SyncRequired, test.syncer, func(s *stage) {
				s.ask(messages.Connect{})
				s.after(30 * time.Second)
				change := s.change(messages.Backoff)
				if change.Reason.Code != code || change.Reason.Detail != test.why || change.Attempt != 1 {
					t.Errorf("%+v", change)
				}
				if s.peer.open != 0 && s.status() == messages.Backoff {
					t.Error("the connection is still open")
				}
			})
		})
		t.Run(name+", best effort", func(t *testing.T) {
			catchUp(t, lifecycle.SyncBestEffort, test.syncer, func(s *stage) {
				s.ask(messages.Connect{})
				s.peer.last().send("live")
				s.after(time.Minute)
				change := s.change(messages.Ready)
				if change.Reason.Code != code || change.Reason.Detail != test.why || !change.Degraded {
					t.Errorf("%+v", change)
				}
				if now := s.record.Snapshot(); now.Status != messages.Ready || !now.Degraded {
					t.Errorf("it is %s, degraded %v", now.Status, now.Degraded)
				}
				if len(s.inbound) != 1 {
					t.Errorf("heard %q", s.inbound)
				}
				s.ask(messages.Redial{})
				if s.status() == messages.Syncing && s.record.Snapshot().Degraded {
					t.Error("degraded before it is Ready again")
				}
			})
		})
	}
}

// change is the first change to a status.
func (s *stage) change(to messages.Status) messages.StatusChanged {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, change := range s.statuses {
		if change.Cur == to {
			return change
		}
	}
	s.t.Fatalf("it was never %s", to)
	return messages.StatusChanged{}
}

func TestSyncerThatHangsIsNotCalledTwice(t *testing.T) {
	calls, running := 0, 0
	hang := make(chan struct{})
	syncer := func(_ context.Context, login *Sync) error {
		calls++
		running++
		defer func() { running-- }()
		if running > 1 {
			t.Error("called again before it returned")
		}
		if calls == 1 {
			<-hang // and does not watch its context
			if err := login.Deliver(messages.KindText, "", []byte("late")); !errors.Is(err, messages.ReasonNotConnected) {
				t.Errorf("a late delivery says %v", err)
			}
		}
		return nil
	}
	catchUp(t, lifecycle.SyncRequired, syncer, func(s *stage) {
		hang = make(chan struct{})
		s.ask(messages.Connect{})
		s.after(30 * time.Second)
		s.skip()
		s.after(32 * time.Second) // 2 s, then 30 s again
		s.expect(`
			32s Queued
			32s Preparing
			32s Dialing
			32s Authenticating
			32s Syncing
			1m2s Backoff SyncTimeout`)
		s.mu.Lock()
		last := s.statuses[len(s.statuses)-1].Reason.Detail
		s.mu.Unlock()
		if last != "the Syncer has not returned from an earlier login; let it watch its context" {
			t.Errorf("it says %q", last)
		}
		s.after(10 * time.Second)
		if s.status() != messages.Syncing || calls != 1 {
			t.Fatalf("it is %s after %d calls", s.status(), calls)
		}
		close(hang)
		synctest.Wait()
		if s.status() != messages.Ready || calls != 2 || len(s.inbound) != 0 {
			t.Errorf("it is %s after %d calls, and heard %q", s.status(), calls, s.inbound)
		}
	})
}

func TestSyncEndsWithItsConnectionAndLosesNothingLive(t *testing.T) {
	ends := map[string]struct {
		how  func(s *stage)
		then messages.Status
	}{
		"lost":       {func(s *stage) { s.peer.last().fail(lost()) }, messages.Backoff},
		"paused":     {func(s *stage) { s.ask(messages.Pause{}) }, messages.Held},
		"logged out": {func(s *stage) { s.ask(messages.Disconnect{}) }, messages.Closed},
		"drained":    {func(s *stage) { s.ask(messages.Drain{}) }, messages.Closed},
		"crashed":    {func(s *stage) { s.record.tell(func(*channel) { panic("boom") }) }, messages.Backoff},
		"kicked": {func(s *stage) {
			s.peer.last().fail(&messages.Error{Op: "read", Reason: messages.Reason{Code: messages.ReasonKickedOtherDevice}})
		}, messages.Kicked},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			var err error
			syncer := func(ctx context.Context, login *Sync) error {
				<-ctx.Done()
				err = login.Deliver(messages.KindText, "", []byte("too late"))
				return nil
			}
			catchUp(t, lifecycle.SyncRequired, syncer, func(s *stage) {
				s.ask(messages.Connect{})
				s.peer.last().send("live")
				synctest.Wait()
				end.how(s)
				synctest.Wait()
				if s.status() != end.then {
					t.Errorf("it is %s", s.status())
				}
				if !errors.Is(err, messages.ReasonNotConnected) {
					t.Errorf("delivering after the end says %v", err)
				}
				if got := strings.Join(s.inbound, ","); got != "live" {
					t.Errorf("heard %q", got)
				}
			})
		})
	}
}

// The handler is slow, and there is more to catch up with than the inbox holds
// and more live than the inbox holds. Each waits for room, and no more than the
// limit waits of either.
func TestSyncAndLiveDoNotKeepEachOtherFromGettingOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const many, limit = 50, 4
		var heard []string
		var s *stage
		s = newStage(t, func(settings *Settings) {
			settings.Inbox = InboxLimits{Messages: limit, Bytes: 1 << 16}
			settings.Handler = func(m messages.Received) {
				time.Sleep(100 * time.Millisecond)
				heard = append(heard, string(m.Data))
			}
			settings.Syncer = func(_ context.Context, login *Sync) error {
				for n := range many {
					if err := login.Deliver(messages.KindText, "", fmt.Appendf(nil, "old %d", n)); err != nil {
						return err
					}
					box := &s.record.inbox
					box.mu.Lock()
					if held := box.hold.messages; box.queue.count > limit || len(held) > limit {
						t.Errorf("%d are queued, %d held", box.queue.count, len(held))
					}
					box.mu.Unlock()
				}
				return nil
			}
		})
		s.ask(messages.Connect{})
		for n := range many {
			s.peer.last().send(fmt.Sprintf("live %d", n))
		}
		s.after(time.Minute)
		if len(heard) != 2*many {
			t.Fatalf("heard %d", len(heard))
		}
		for n, text := range heard {
			want := fmt.Sprintf("old %d", n)
			if n >= many {
				want = fmt.Sprintf("live %d", n-many)
			}
			if text != want {
				t.Fatalf("heard %q at %d, want %q", text, n, want)
			}
		}
		s.end()
	})
}

func TestDeliverThatWaitsForRoomEndsWithTheSyncing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		delivered := 0
		s := newStage(t, func(settings *Settings) {
			settings.Inbox = InboxLimits{Messages: 4, Bytes: 10}
			settings.Handler = func(messages.Received) { <-release }
			settings.Syncer = func(_ context.Context, login *Sync) error {
				for {
					if err := login.Deliver(messages.KindBinary, "", make([]byte, 5)); err != nil {
						return err
					}
					delivered++
				}
			}
		})
		s.ask(messages.Connect{})
		s.after(time.Second)
		if delivered != 3 { // one at the handler, two that fill the bytes
			t.Errorf("%d were delivered", delivered)
		}
		s.ask(messages.Disconnect{})
		s.after(time.Second)
		if s.status() != messages.Closed {
			t.Errorf("it is %s", s.status())
		}
		close(release)
		s.end()
	})
}

func TestSyncedSessionIsStableOnlyAfterItHeardSomething(t *testing.T) {
	catchUp(t, lifecycle.SyncRequired, old("one"), func(s *stage) {
		s.peer.set(func(p *peer) { p.deaf = true })
		s.ask(messages.Connect{})
		s.after(500 * time.Millisecond)
		s.peer.last().send("while it syncs")
		s.after(20 * time.Second)
		s.inspect(func(c *channel) {
			if c.state.Stable {
				t.Error("stable without a word since Ready")
			}
		})
		s.peer.last().send("hello")
		synctest.Wait()
		s.inspect(func(c *channel) {
			if !c.state.Stable {
				t.Error("not stable")
			}
		})
	})
}

// A protocol that catches up by itself and a Syncer are waited for together.
func TestProtocolAndSyncerAreBothWaitedFor(t *testing.T) {
	for name, slow := range map[string]string{"the protocol is slower": "server", "the Syncer is slower": "syncer"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, func(settings *Settings) {
					settings.Protocol = lateProtocol{}
					settings.Syncer = func(context.Context, *Sync) error {
						if slow == "syncer" {
							time.Sleep(2 * time.Second)
						}
						return nil
					}
				})
				s.ask(messages.Connect{})
				s.after(time.Second)
				s.peer.last().send("done")
				synctest.Wait()
				if got, want := s.status() == messages.Ready, slow == "server"; got != want {
					t.Errorf("it is %s", s.status())
				}
				s.after(2 * time.Second)
				if s.status() != messages.Ready {
					t.Errorf("it is %s", s.status())
				}
				s.end()
			})
		})
	}
}

// lateProtocol logs in at once, and has caught up when the peer says done.
type lateProtocol struct{ transport.Protocol }

func (lateProtocol) Name() string             { return "late" }
func (lateProtocol) Traits() transport.Traits { return transport.Raw().Traits() }
func (lateProtocol) NewSession(o transport.Opening) transport.Session {
	return &lateSession{transport.Raw().NewSession(o)}
}

type lateSession struct{ transport.Session }

func (s *lateSession) Open(link transport.Link) error {
	link.LoggedIn(transport.Login{Sync: true})
	return nil
}

func (s *lateSession) Receive(link transport.Link, frame transport.Frame) error {
	if string(frame.Data) == "done" {
		link.Synced()
		return nil
	}
	return s.Session.Receive(link, frame)
}

func TestRoomsWaitForTheSyncer(t *testing.T) {
	story(t, func(s *Settings) { s.Syncer = old("one") }, func(h *hotel) {
		h.join(named("a"))
		h.skip()
		h.ask(messages.Connect{})
		h.after(time.Second)
		h.expect(`
			0s Queued UserConnect
			0s Preparing
			0s Dialing
			0s Authenticating
			0s Syncing
			1s Ready
			1s a Joining
			1s a Joined Joined
			1s settled ok=1 failed=0 gap=0
			1s peer got "JOIN a 1 join /0"
			1s heard one`)
	})
}

// The login is accepted, and the channel is told to pause before it hears of it.
func TestLoginThatTheChannelDoesNotHearOfHoldsNothingBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) {
			settings.Protocol = script{login: true}
			settings.Syncer = old()
		})
		s.ask(messages.Connect{})
		s.inspect(func(*channel) { // busy, while its mailbox fills
			s.tell(messages.Pause{})
			time.Sleep(time.Millisecond)
			s.peer.last().send("OK n1")
			s.peer.last().send("live")
			time.Sleep(time.Millisecond)
		})
		s.after(time.Second)
		if s.status() != messages.Held || strings.Join(s.inbound, ",") != "live" {
			t.Errorf("it is %s, and heard %q", s.status(), s.inbound)
		}
		s.end()
	})
}

func TestLoginThatComesAfterTheGoodbyeHoldsNothingBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) {
			settings.Protocol = script{login: true}
			settings.Syncer = old()
		})
		s.peer.set(func(p *peer) { p.mute = true })
		s.ask(messages.Connect{})
		s.tell(messages.Disconnect{})
		synctest.Wait()
		s.peer.last().send("OK n1")
		s.peer.last().send("live")
		synctest.Wait()
		if s.status() != messages.Closing || strings.Join(s.inbound, ",") != "live" {
			t.Errorf("it is %s, and heard %q", s.status(), s.inbound)
		}
		s.end()
	})
}

// The server catches up over the connection, with more than the inbox holds, and
// says at the end that this was all. The Syncer has long returned: what it is for
// is over, so nothing has to wait for it.
func TestProtocolMayCatchUpWithMoreThanTheInboxHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) {
			settings.Protocol = lateProtocol{}
			settings.Inbox = InboxLimits{Messages: 4, Bytes: 1 << 16}
			settings.Syncer = old("one", "two")
		})
		s.ask(messages.Connect{})
		for n := range 10 {
			s.peer.last().send(fmt.Sprintf("missed %d", n))
		}
		s.peer.last().send("done")
		s.after(time.Minute)
		want := "one,two,missed 0,missed 1,missed 2,missed 3,missed 4,missed 5,missed 6,missed 7,missed 8,missed 9"
		if got := strings.Join(s.inbound, ","); got != want {
			t.Errorf("heard %q", got)
		}
		if change := s.change(messages.Ready); change.At.Sub(s.start) != 2*time.Second {
			t.Errorf("it was Ready after %v", change.At.Sub(s.start))
		}
		s.end()
	})
}

// The channel crashes before it hears of the login that holds back what comes after it.
func TestWhatALoginHeldBackDoesNotWaitForTheEndOfItsSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) {
			settings.Protocol = script{login: true}
			settings.Syncer = func(context.Context, *Sync) error { return nil }
		})
		s.peer.set(func(p *peer) { p.linger = 15 * time.Second })
		s.ask(messages.Connect{})
		s.skip()
		s.record.tell(func(*channel) {
			s.peer.last().send("OK n1")
			s.peer.last().send("hello")
			time.Sleep(time.Second)
			panic("a bug")
		})
		s.after(2 * time.Second)
		s.expect(`
			1s Backoff ActorPanic
			1s heard "hello"`)
		s.end()
	})
}
