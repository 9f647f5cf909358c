package actors

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

func TestMessagesKeepTheirOrderOverReconnects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.connect()
		s.send("one")
		s.peer.last().freeze()
		s.send("two")
		s.send("three")
		s.peer.last().fail(lost())
		synctest.Wait()
		s.send("four")
		s.after(3 * time.Second)
		s.expect(`
			0s Backoff ReadEOF
			0s peer got "one"
			0s #1 Written
			2s Queued
			2s Preparing
			2s Dialing
			2s Authenticating
			2s Ready
			2s peer got "two"
			2s peer got "three"
			2s peer got "four"
			2s #2 Written
			2s #3 Written
			2s #4 Written`)
		s.end()
	})
}

// What is sent while the old socket takes its time comes after what that gives
// back.
func TestMessagesKeepTheirOrderWhileASocketCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.connect()
		s.peer.set(func(p *peer) { p.linger = 5 * time.Second })
		s.peer.last().freeze()
		s.send("one")
		s.send("two")
		s.peer.last().fail(lost())
		synctest.Wait()
		s.send("three")
		s.after(5 * time.Second)
		s.expect(`
			0s Backoff ReadEOF
			2s Queued
			5s Preparing
			5s Dialing
			5s Authenticating
			5s Ready
			5s peer got "one"
			5s peer got "two"
			5s peer got "three"
			5s #1 Written
			5s #2 Written
			5s #3 Written`)
		s.after(time.Minute)
		s.end()
	})
}

func TestAcknowledgedMessagesAreDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) {
			settings.Protocol = script{acks: true}
			settings.Outbox.AckTimeout = 10 * time.Second
		})
		s.peer.answers = func(so *socket, message string) {
			switch message {
			case "MSG 1 good":
				so.send("ACK 1")
			case "MSG 2 bad":
				so.send("NACK 2")
			}
		}
		s.connect()
		s.send("good")
		s.send("bad")
		s.post(messages.Text("odd").Typed("unsupported"))
		s.send("ignored")
		s.after(time.Minute)
		s.expect(`
			0s peer got "MSG 1 good"
			0s peer got "MSG 2 bad"
			0s peer got "MSG 4 ignored"
			0s #1 Delivered
			0s #2 Rejected Nack
			0s #3 Rejected NotSupported
			10s #4 Unknown AckTimeout`)
		s.end()
	})
}

func TestOnlyWhatMayBeSentTwiceIsSentTwice(t *testing.T) {
	for name, test := range map[string]struct {
		protocol  script
		duplicate bool
		want      string
	}{
		"a message that may not be repeated": {script{acks: true}, false, `
			0s Backoff ReadEOF
			0s peer got "MSG 1 one"
			0s #1 Unknown OutcomeUnknown
			2s Queued
			2s Preparing
			2s Dialing
			2s Authenticating
			2s Ready`},
		"a message that may be repeated": {script{acks: true}, true, repeated},
		"a peer that removes duplicates": {script{acks: true, dedupes: true}, false, repeated},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, func(settings *Settings) { settings.Protocol = test.protocol })
				s.connect()
				m := messages.Text("one")
				m.AllowDuplicate = test.duplicate
				s.post(m)
				s.peer.last().fail(lost())
				synctest.Wait()
				s.peer.set(func(p *peer) { p.answers = obliging })
				s.after(3 * time.Second)
				s.expect(test.want)
				s.end()
			})
		})
	}
}

const repeated = `
	0s Backoff ReadEOF
	0s peer got "MSG 1 one"
	2s Queued
	2s Preparing
	2s Dialing
	2s Authenticating
	2s Ready
	2s peer got "MSG 1 one"
	2s #1 Delivered`

// Failed and Expired promise that the peer never got the message. It was
// written, on a connection that was lost: nobody knows.
func TestWhatWasWrittenOnceNeverEndsAsNeverWritten(t *testing.T) {
	for name, test := range map[string]struct {
		end  func(*stage)
		want string
	}{
		"a logout":               {func(s *stage) { s.ask(messages.Disconnect{}) }, "0s Closed UserDisconnect\n0s #1 Unknown OutcomeUnknown"},
		"the end of its time":    {func(s *stage) { s.after(time.Minute) }, "30s #1 Unknown OutcomeUnknown"},
		"the end of the channel": {func(s *stage) { s.system.Root.Stop(s.pid); synctest.Wait() }, "0s Closed ParentStopped\n0s #1 Unknown OutcomeUnknown"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, func(settings *Settings) { settings.Protocol = script{acks: true, dedupes: true} })
				s.connect()
				s.post(messages.Text("one").Expiring(30 * time.Second))
				s.ask(messages.Pause{})
				s.skip()
				test.end(s)
				s.expect(test.want)
				s.end()
			})
		})
	}
}

func TestMessagesExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) { settings.Outbox.TTL = time.Minute })
		s.ask(messages.Pause{})
		s.ask(messages.Connect{})
		s.skip()
		s.post(messages.Text("short").Expiring(time.Second))
		s.send("default")
		s.after(time.Hour)
		s.expect(`
			1s #1 Expired Expired
			1m0s #2 Expired Expired`)
		s.end()
	})
}

// While it was with the connection its time did not count, and nobody watched
// it.
func TestMessageThatComesBackStillExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.connect()
		s.peer.last().freeze()
		s.peer.set(func(p *peer) { p.refuse = messages.ReasonRefused })
		s.post(messages.Text("late").Expiring(10 * time.Second))
		s.post(messages.Text("later").Expiring(10 * time.Minute))
		s.after(20 * time.Second)
		s.ask(messages.Pause{})
		s.after(time.Hour)
		s.expect(`
			20s Held Paused
			20s #1 Expired Expired
			10m0s #2 Expired Expired`)
		s.end()
	})
}

func TestLongOutageFailsMessagesWhereThatIsWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) {
			settings.Outbox.FailOnSuspend = true
			settings.Machine.Strategy = &clumsy{delay: 50 * time.Second}
		})
		s.peer.refuse = messages.ReasonRefused
		s.ask(messages.Connect{})
		s.send("one")
		s.skip()
		s.after(130 * time.Second)
		s.expect(`
			50s Queued
			50s Preparing
			50s Dialing
			50s Backoff Refused
			1m40s Queued
			1m40s Preparing
			1m40s Dialing
			1m40s Backoff Refused
			2m0s Suspended SessionTTLExpired
			2m0s #1 Failed FailedOnSuspend`)
		s.end()
	})
}

func TestLogoutFailsWhatWasNotWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.connect()
		s.peer.last().freeze()
		s.send("one")
		s.ask(messages.Disconnect{})
		if _, err := s.record.Send(messages.Text("two")); !errors.Is(err, messages.ReasonNotConnected) {
			t.Errorf("while closing: %v", err)
		}
		s.after(time.Hour)
		s.expect(`
			0s Closing UserDisconnect
			5s Closed CloseTimeout
			5s #1 Failed FailedOnClose`)
		s.end()
	})
}

func TestDrainFlushesThenCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) { settings.Protocol = script{acks: true} })
		s.peer.answers = func(so *socket, message string) {
			time.AfterFunc(3*time.Second, func() { obliging(so, message) })
		}
		s.connect()
		s.send("one")
		s.ask(messages.Drain{})
		if _, err := s.record.Send(messages.Text("two")); err == nil {
			t.Error("a message was accepted while draining")
		}
		s.after(time.Minute)
		s.expect(`
			0s Draining Drain
			0s peer got "MSG 1 one"
			3s Closing Drain
			3s Closed Drain
			3s #1 Delivered`)
		s.end()
	})
}

func TestDrainDeadlineFailsWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.connect()
		s.peer.last().freeze()
		s.send("one")
		s.ask(messages.Drain{Within: 7 * time.Second})
		s.after(time.Minute)
		s.expect(`
			0s Draining Drain
			7s Closing DrainTimeout
			12s Closed CloseTimeout
			12s #1 Failed FailedOnClose`)
		s.end()
	})
}
