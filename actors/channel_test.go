package actors

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/seed14814784/holdfast/messages"
)

func TestChannelComesUpAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.ask(messages.Connect{})
		s.expect(`
			0s Queued UserConnect
			0s Preparing
			0s Dialing
			0s Authenticating
			0s Ready`)
		s.after(time.Minute)
		s.peer.last().fail(lost())
		s.after(10 * time.Second)
		s.expect(`
			1m0s Backoff ReadEOF
			1m1s Queued
			1m1s Preparing
			1m1s Dialing
			1m1s Authenticating
			1m1s Ready`)
		s.end()
	})
}

func TestStableNeedsProofOfLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) { settings.Keepalive.Interval = time.Hour })
		s.connect()
		s.after(time.Minute) // up for long, but nothing was heard
		s.peer.last().fail(lost())
		s.after(2 * time.Second)
		s.after(time.Minute)
		s.peer.last().send("hello")
		synctest.Wait()
		s.peer.last().fail(lost())
		s.after(time.Second)
		var waits []time.Duration
		var attempts []int
		for _, change := range s.statuses {
			if change.Cur == messages.Backoff {
				waits, attempts = append(waits, change.RetryIn), append(attempts, change.Attempt)
			}
		}
		if len(waits) != 2 || waits[0] != 2*time.Second || waits[1] != time.Second || attempts[0] != 1 || attempts[1] != 0 {
			t.Errorf("the waits were %v after %v failures", waits, attempts)
		}
		s.end()
	})
}

func TestSuspendedAfterSessionTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) { settings.Machine.Strategy = &clumsy{delay: 50 * time.Second} })
		s.connect()
		s.after(time.Hour)
		s.peer.set(func(p *peer) { p.refuse = messages.ReasonRefused })
		s.peer.last().fail(lost())
		s.after(130 * time.Second)
		s.peer.set(func(p *peer) { p.refuse = nil })
		s.after(time.Minute)
		s.expect(`
			1h0m0s Backoff ReadEOF
			1h0m50s Queued
			1h0m50s Preparing
			1h0m50s Dialing
			1h0m50s Backoff Refused
			1h1m40s Queued
			1h1m40s Preparing
			1h1m40s Dialing
			1h1m40s Backoff Refused
			1h2m0s Suspended SessionTTLExpired
			1h2m50s Queued
			1h2m50s Preparing
			1h2m50s Dialing
			1h2m50s Authenticating
			1h2m50s Ready`)
		s.end()
	})
}

func TestConnectWhileLeavingComesBackWhenTheOldSocketIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.connect()
		s.peer.set(func(p *peer) { p.mute = true })
		s.after(time.Minute)
		s.ask(messages.Disconnect{})
		s.ask(messages.Connect{})
		s.after(10 * time.Second)
		s.expect(`
			1m0s Closing UserDisconnect
			1m5s Queued UserConnect
			1m5s Preparing
			1m5s Dialing
			1m5s Authenticating
			1m5s Ready`)
		s.end()
	})
}

func TestLoginAndSyncHaveTheirDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) {
			settings.Protocol = script{login: true, sync: true}
			settings.Machine.Strategy = &clumsy{delay: time.Second}
		})
		s.ask(messages.Connect{})
		s.after(10500 * time.Millisecond)
		s.peer.set(func(p *peer) {
			p.answers = func(so *socket, text string) {
				if text == "LOGIN" {
					so.send("OK n7")
				}
			}
		})
		s.after(31 * time.Second)
		s.peer.set(func(p *peer) { p.answers = obliging })
		s.after(2 * time.Second)
		s.expect(`
			0s Queued UserConnect
			0s Preparing
			0s Dialing
			0s Authenticating
			0s peer got "LOGIN"
			10s Backoff AuthTimeout
			11s Queued
			11s Preparing
			11s Dialing
			11s Authenticating
			11s Syncing
			11s peer got "LOGIN"
			41s Backoff SyncTimeout
			42s Queued
			42s Preparing
			42s Dialing
			42s Authenticating
			42s Syncing
			42s Ready
			42s peer got "LOGIN"`)
		if node := s.record.Snapshot().Node; node != "n1" {
			t.Errorf("the node is %q", node)
		}
		s.end()
	})
}

// A dead actor stays reachable for a while, and an outage can be long: a hundred
// thousand channels must not wait for their server with a dead socket each.
func TestLostConnectionIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) { settings.Machine.Strategy = &clumsy{delay: time.Hour} })
		s.connect()
		socket := weak.Make(s.peer.last())
		s.after(time.Minute)
		s.peer.last().fail(lost())
		s.after(time.Minute)
		s.peer.set(func(p *peer) { p.sockets = nil })
		runtime.GC()
		if socket.Value() != nil {
			t.Error("the socket of a lost connection is still reachable")
		}
		s.end()
	})
}

func TestAnIdleChannelHoldsNothingThatItHasNoUseFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.ask(messages.Connect{})
		for range 50 {
			if _, err := s.record.Send(messages.Text("in a burst")); err != nil {
				t.Fatal(err)
			}
		}
		s.after(time.Minute)
		s.inspect(func(c *channel) {
			if c.state.Status != messages.Ready || c.clock.earliest() != (deadline{}) || c.clock.alarm.at != 0 {
				t.Errorf("in %s the clock is %+v", c.state.Status, c.clock)
			}
			c.outbox.mu.Lock()
			n := cap(c.outbox.waiting) + cap(c.outbox.handed)
			c.outbox.mu.Unlock()
			if n != 0 {
				t.Errorf("the outbox has room for %d messages", n)
			}
			if c.lease != unleased || unleased.ends != (time.Time{}) || unleased.token != (messages.Token{}) {
				t.Errorf("a login without a token has the lease %+v", c.lease)
			}
			if c.now != c.shown.Load() {
				t.Error("it has a portrait that nobody was shown")
			}
		})
		s.end()
	})
}
