package actors

import (
	"cmp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
)

// late is a stage whose peer takes messages and answers none.
func late(t *testing.T, protocol script, change func(*Settings)) *stage {
	return newStage(t, func(settings *Settings) {
		protocol.acks = true
		settings.Protocol = protocol
		settings.Keepalive.Interval = time.Hour
		settings.Outbox.AckTimeout = 10 * time.Second
		settings.Outbox.Tries = 3
		if change != nil {
			change(settings)
		}
	})
}

func TestAPeerThatDoesNotAnswerAMessageIsAskedForASignOfLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := late(t, script{beats: true}, nil)
		s.connect()
		s.send("one")
		s.after(25 * time.Second)
		s.expect(`
			0s peer got "MSG 1 one"
			10s peer got "BEAT"
			10s #1 Unknown AckTimeout
			20s Backoff PongTimeout
			22s Queued
			22s Preparing
			22s Dialing
			22s Authenticating
			22s Ready`)
		s.end()
	})
}

func TestAMessageThatIsNeverAnsweredIsSentAgainElsewhereWhereThatDoesNoHarm(t *testing.T) {
	for name, test := range map[string]struct {
		protocol script
		repeat   bool
		says     string
	}{
		"the peer removes duplicates":          {protocol: script{dedupes: true}},
		"the peer shows that it does so":       {says: "DEDUPES"},
		"the sender does not mind to be heard": {repeat: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := late(t, test.protocol, nil)
				s.connect()
				s.peer.last().send(cmp.Or(test.says, "HEARTBEAT"))
				synctest.Wait()
				message := messages.Text("one")
				message.AllowDuplicate = test.repeat
				s.post(message)
				s.after(13 * time.Second)
				s.peer.last().send("ACK 1")
				s.after(0)
				s.expect(`
					0s peer got "MSG 1 one"
					10s Backoff AckTimeout
					11s Queued
					11s Preparing
					11s Dialing
					11s Authenticating
					11s Ready
					11s peer got "MSG 1 one"
					13s #1 Delivered`)
				s.end()
			})
		})
	}
}

func TestAMessageThatNobodyEverAnswersDoesNotEndConnectionsForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := late(t, script{dedupes: true}, func(settings *Settings) { settings.Outbox.Tries = 2 })
		s.connect()
		s.send("one")
		s.after(25 * time.Second)
		s.expect(`
			0s peer got "MSG 1 one"
			10s Backoff AckTimeout
			12s Queued
			12s Preparing
			12s Dialing
			12s Authenticating
			12s Ready
			12s peer got "MSG 1 one"
			22s #1 Unknown AckTimeout`)
		s.end()
	})
}

// Doubts come with every message; each may not give the peer more time.
func TestDoubtsDoNotPutOffTheEndOfAPeerThatIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := late(t, script{beats: true}, func(settings *Settings) { settings.Outbox.AckTimeout = 4 * time.Second })
		s.connect()
		for range 5 {
			s.send("again")
			s.after(3 * time.Second)
		}
		s.expect(`
			0s peer got "MSG 1 again"
			3s peer got "MSG 2 again"
			4s peer got "BEAT"
			4s #1 Unknown AckTimeout
			6s peer got "MSG 3 again"
			7s #2 Unknown AckTimeout
			9s peer got "MSG 4 again"
			10s #3 Unknown AckTimeout
			12s peer got "MSG 5 again"
			13s #4 Unknown AckTimeout
			14s Backoff PongTimeout
			14s #5 Unknown OutcomeUnknown`)
		s.end()
	})
}

func TestAMessageThatIsNotAnsweredDoesNotEndADrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := late(t, script{dedupes: true, beats: true}, nil)
		s.connect()
		s.send("one")
		s.after(5 * time.Second)
		s.send("two")
		s.tell(messages.Drain{})
		s.after(6 * time.Second)
		s.peer.last().send("HEARTBEAT")
		s.peer.last().send("ACK 2")
		s.after(time.Second)
		s.expect(`
			0s peer got "MSG 1 one"
			5s Draining Drain
			5s peer got "MSG 2 two"
			10s peer got "BEAT"
			10s #1 Unknown AckTimeout
			11s Closing Drain
			11s Closed Drain
			11s #2 Delivered`)
		s.end()
	})
}

func TestAMissingAnswerDoesNotCutAGoodbyeShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := late(t, script{beats: true}, nil)
		s.connect()
		s.peer.set(func(p *peer) { p.mute = true })
		s.send("one")
		s.after(8 * time.Second)
		s.ask(messages.Disconnect{})
		s.after(4 * time.Second)
		s.peer.last().send("the last word")
		s.peer.last().fail(peerClose(1000, "bye"))
		s.after(time.Second)
		s.expect(`
			0s peer got "MSG 1 one"
			8s Closing UserDisconnect
			10s #1 Unknown AckTimeout
			12s Closed UserDisconnect
			12s heard "the last word"`)
		s.end()
	})
}

// The answer is there, and nobody reads it: that is not the peer's fault.
func TestAnAnswerIsNotLateWhileTheHandlerKeepsItFromBeingRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := late(t, script{dedupes: true, beats: true}, func(settings *Settings) {
			settings.Inbox.Messages = 1
			hear := settings.Handler
			settings.Handler = func(m messages.Received) {
				time.Sleep(25 * time.Second)
				hear(m)
			}
		})
		s.connect()
		for _, one := range []string{"one", "two"} {
			s.send(one)
			s.peer.last().send("hello")
		}
		synctest.Wait()
		s.peer.last().send("ACK 1")
		s.after(40 * time.Second)
		s.expect(`
			0s peer got "MSG 1 one"
			0s peer got "MSG 2 two"
			25s heard "hello"
			25s #1 Delivered
			35s Backoff AckTimeout
			36s Queued
			36s Preparing
			36s Dialing
			36s Authenticating
			36s Ready
			36s peer got "MSG 2 two"`)
		s.after(time.Minute)
		s.end()
	})
}

func TestTheTimeForAnAnswerBeginsAnewWhenItCanBeReadAgain(t *testing.T) {
	for name, test := range map[string]struct {
		lost bool
		want string
	}{
		"on the same connection": {false, `
			0s peer got "MSG 1 one"
			25s heard "hello"
			35s Backoff AckTimeout`},
		"on the next one": {true, `
			0s Backoff ReadEOF
			0s peer got "MSG 1 one"
			25s heard "hello"
			30s Queued UserConnect
			30s Preparing
			30s Dialing
			30s Authenticating
			30s Ready
			30s peer got "MSG 1 one"
			40s Backoff AckTimeout`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := late(t, script{dedupes: true}, func(settings *Settings) {
					settings.Inbox.Messages = 1
					settings.Machine.Strategy = lifecycle.StrategyFunc(func(lifecycle.Failure) lifecycle.Verdict {
						return lifecycle.Verdict{Delay: time.Hour}
					})
					hear := settings.Handler
					settings.Handler = func(m messages.Received) {
						if string(m.Data) == "hello" {
							time.Sleep(25 * time.Second)
							hear(m)
						}
					}
				})
				s.connect()
				s.send("one")
				s.peer.last().send("hello")
				synctest.Wait()
				s.peer.last().send("no matter")
				synctest.Wait()
				if test.lost {
					s.record.conn.tell(&unanswered{reason: messages.Because(messages.ReasonReadEOF, "lost")})
					s.after(30 * time.Second)
					s.ask(messages.Connect{})
					s.after(10 * time.Second)
				} else {
					s.after(35 * time.Second)
				}
				s.expect(test.want)
				s.after(time.Minute)
				s.end()
			})
		})
	}
}
