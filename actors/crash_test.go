package actors

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
)

// clumsy is a strategy that panics when it is told to, and then not any more.
type clumsy struct {
	panics int
	delay  time.Duration
}

func (c *clumsy) Next(lifecycle.Failure) lifecycle.Verdict {
	if c.panics > 0 {
		c.panics--
		panic("the strategy's bug")
	}
	return lifecycle.Verdict{Delay: c.delay}
}

func TestChannelCrashKeepsOutboxAndIntent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		strategy := &clumsy{panics: 1, delay: 10 * time.Second}
		s := newStage(t, func(settings *Settings) { settings.Machine.Strategy = strategy })
		s.connect()
		s.peer.last().freeze()
		s.send("one")
		s.send("two")
		s.peer.last().fail(lost())
		s.after(time.Minute)
		s.expect(`
			0s Backoff ActorPanic
			10s Queued
			10s Preparing
			10s Dialing
			10s Authenticating
			10s Ready
			10s peer got "one"
			10s peer got "two"
			10s #1 Written
			10s #2 Written`)
		if got := s.statuses[5]; got.Attempt != 1 || s.record.Snapshot().Panics != 1 {
			t.Errorf("the crash was counted as %d failures and %d panics", got.Attempt, s.record.Snapshot().Panics)
		}
		s.end()
	})
}

// The channel crashes when a timer runs out, too, and nobody is there who could
// end the old attempt in the way it is used to.
func TestChannelCrashInATimerEndsTheAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		strategy := &clumsy{panics: 1, delay: 10 * time.Second}
		s := newStage(t, func(settings *Settings) {
			settings.Machine.Strategy = strategy
			settings.Protocol = script{login: true}
		})
		s.ask(messages.Connect{})
		s.after(15 * time.Second)
		s.peer.set(func(p *peer) { p.answers = obliging })
		s.after(15 * time.Second)
		s.expect(`
			0s Queued UserConnect
			0s Preparing
			0s Dialing
			0s Authenticating
			0s peer got "LOGIN"
			10s Backoff ActorPanic
			20s Queued
			20s Preparing
			20s Dialing
			20s Authenticating
			20s Ready
			20s peer got "LOGIN"`)
		s.end()
	})
}

func TestChannelCrashDoesNotResetTheOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		strategy := &clumsy{delay: 11 * time.Second}
		s := newStage(t, func(settings *Settings) { settings.Machine.Strategy = strategy })
		s.peer.refuse = messages.ReasonRefused
		s.ask(messages.Connect{})
		s.after(95 * time.Second)
		strategy.panics = 1
		s.skip()
		s.after(30 * time.Second)
		s.expect(`
			1m39s Queued
			1m39s Preparing
			1m39s Dialing
			1m39s Backoff ActorPanic
			1m50s Queued
			1m50s Preparing
			1m50s Dialing
			1m50s Backoff Refused
			2m0s Suspended SessionTTLExpired`)
		s.end()
	})
}

func TestMessagesExpireAlthoughTheChannelCrashed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		strategy := &clumsy{panics: 1, delay: 10 * time.Second}
		s := newStage(t, func(settings *Settings) { settings.Machine.Strategy = strategy })
		s.peer.refuse = messages.ReasonRefused
		s.post(messages.Text("one").Expiring(5 * time.Second))
		s.ask(messages.Connect{})
		s.after(8 * time.Second)
		s.expect(`
			0s Queued UserConnect
			0s Preparing
			0s Dialing
			0s Backoff ActorPanic
			5s #1 Expired Expired`)
		s.end()
	})
}

func TestChannelThatCrashesTooOftenFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		strategy := &clumsy{panics: 100}
		s := newStage(t, func(settings *Settings) { settings.Machine.Strategy = strategy })
		s.connect()
		s.peer.last().fail(lost())
		s.after(time.Minute)
		s.expect(`0s Failed RestartIntensity`)
		strategy.panics = 0
		s.ask(messages.Connect{})
		s.expect(`
			1m0s Queued UserConnect
			1m0s Preparing
			1m0s Dialing
			1m0s Authenticating
			1m0s Ready`)
		s.end()
	})
}

// A channel that has crashed waits to be started anew. Its connection may be lost
// meanwhile; another crash over that would have it started once more, when it is well.
func TestAChannelThatHasCrashedDoesNotCrashOverItsConnectionAsWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s *stage
		var broken atomic.Bool
		s = newStage(t, func(settings *Settings) {
			settings.Protocol = script{}
			settings.Machine.Strategy = lifecycle.StrategyFunc(func(f lifecycle.Failure) lifecycle.Verdict {
				if f.Reason.Code == messages.ReasonReadEOF {
					panic("the strategy's bug")
				}
				return lifecycle.Verdict{Delay: 10 * time.Second}
			})
			settings.Random = func() float64 {
				if broken.CompareAndSwap(true, false) {
					time.Sleep(time.Millisecond) // the connection has its turn
					s.peer.last().fail(lost())
					panic("the dice are broken")
				}
				return 0.5
			}
		})
		s.connect()
		broken.Store(true)
		s.peer.last().send("GOAWAY 10s")
		s.after(time.Second)
		s.expect(`1ms Backoff ActorPanic`)
		if n := s.record.Snapshot().Panics; n != 1 {
			t.Errorf("it crashed %d times", n)
		}
		s.after(time.Minute)
		s.end()
	})
}
