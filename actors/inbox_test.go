package actors

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
)

// slowly makes the handler wait for the gate before each message.
func slowly(gate chan struct{}) func(*Settings) {
	return func(settings *Settings) {
		handle := settings.Handler
		settings.Handler = func(m messages.Received) {
			<-gate
			handle(m)
		}
	}
}

func TestSlowHandlerStopsReadingButNotHeartbeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		s := newStage(t, slowly(gate))
		s.connect()
		for i := range 40 {
			s.peer.last().send(fmt.Sprint(i))
		}
		s.after(10 * time.Minute)
		s.expect(``)
		socket := s.peer.last()
		socket.mu.Lock()
		unread, written := 0, socket.written
		for _, f := range socket.inbound {
			if len(f.Data) <= 2 {
				unread++
			}
		}
		socket.mu.Unlock()
		if least := 40 - 1 - s.record.Inbox.Messages; unread < least { // one is with the handler
			t.Errorf("%d messages were left in the socket, and should be %d at least", unread, least)
		}
		if written < 20 {
			t.Errorf("%d heartbeats were sent in ten minutes", written)
		}
		close(gate)
		synctest.Wait()
		var want []string
		for i := range 40 {
			want = append(want, fmt.Sprint(i))
		}
		if got := fmt.Sprint(s.inbound); got != fmt.Sprint(want) {
			t.Errorf("the handler heard %s", got)
		}
		s.end()
	})
}

// The peer's goodbye comes after the messages that there was no room for.
func TestSlowHandlerDoesNotDelayTheGoodbye(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		s := newStage(t, slowly(gate))
		s.connect()
		s.peer.last().send("0") // is with the handler
		synctest.Wait()
		for i := range 40 {
			s.peer.last().send(fmt.Sprint(i + 1))
		}
		s.after(time.Second)
		s.ask(messages.Disconnect{Mode: messages.Logout})
		s.after(time.Second)
		s.expect(`
			1s Closing UserDisconnect
			1s Closed UserDisconnect`)
		close(gate)
		synctest.Wait()
		if got := s.record.Snapshot(); got.Delivered != 17 || got.Stale != 40-16 {
			t.Errorf("%d messages were delivered, %d dropped", got.Delivered, got.Stale)
		}
		s.end()
	})
}

// A peer that goes on talking, and a handler that gets on, until the goodbye.
func TestInboundAfterTheGoodbyeIsDeliveredWhileThereIsRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		s := newStage(t, slowly(gate))
		s.connect()
		s.peer.set(func(p *peer) { p.mute = true })
		s.ask(messages.Disconnect{Mode: messages.Logout})
		for i := range 40 {
			s.peer.last().send(fmt.Sprint(i))
			synctest.Wait()
		}
		s.peer.last().fail(peerClose(1000, "bye"))
		s.after(time.Second)
		s.expect(`
			0s Closing UserDisconnect
			0s Closed UserDisconnect`)
		close(gate)
		synctest.Wait()
		if got := s.record.Snapshot(); got.Delivered != 17 || got.Stale != 40-17 {
			t.Errorf("%d messages were delivered, %d dropped", got.Delivered, got.Stale)
		}
		s.end()
	})
}

// A server that greets everybody with a message, and a handler that hangs.
func TestInboxDoesNotGrowWithEveryConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		s := newStage(t, slowly(gate))
		s.connect()
		for range 30 {
			s.peer.last().send("hello")
			s.after(time.Second)
			s.ask(messages.Redial{})
			s.after(2 * time.Second)
		}
		s.record.inbox.mu.Lock()
		n := s.record.inbox.queue.count
		s.record.inbox.mu.Unlock()
		if n != s.record.Inbox.Messages || s.status() != messages.Ready {
			t.Errorf("%d messages wait, the channel is %s", n, s.status())
		}
		close(gate)
		s.end()
	})
}

// One that does so before it accepts the login: then reading cannot wait for the handler.
func TestInboxDoesNotGrowWithEveryLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		s := newStage(t, func(settings *Settings) {
			slowly(gate)(settings)
			settings.Protocol = script{login: true}
			settings.Machine.Strategy = lifecycle.StrategyFunc(func(lifecycle.Failure) lifecycle.Verdict {
				return lifecycle.Verdict{Delay: time.Second}
			})
		})
		s.peer.answers = func(so *socket, text string) { so.send("hello", "OK") }
		s.connect()
		for range 30 {
			s.ask(messages.Redial{})
			s.after(2 * time.Second)
		}
		s.record.inbox.mu.Lock()
		n := s.record.inbox.queue.count
		s.record.inbox.mu.Unlock()
		if n != s.record.Inbox.Messages {
			t.Errorf("%d messages wait", n)
		}
		if got := s.record.Snapshot(); got.Status == messages.Ready || got.Reason.Code != messages.ReasonSlowConsumer {
			t.Errorf("the channel is %s because of %s", got.Status, got.Reason)
		}
		close(gate)
		s.after(3 * time.Second)
		if got := s.status(); got != messages.Ready {
			t.Errorf("when the handler went on, the channel was %s", got)
		}
		s.end()
	})
}

func TestAClosedChannelCallsItsHandlerNoMoreAndSaysWhatItDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		s := newStage(t, slowly(gate))
		var last messages.Stopped
		s.watch = func(e messages.Event) {
			if stopped, ok := e.(messages.Stopped); ok {
				last = stopped
			}
		}
		s.connect()
		for _, text := range []string{"one", "two", "three"} {
			s.peer.last().send(text)
		}
		synctest.Wait()
		s.system.Root.Stop(s.pid)
		s.after(time.Second)
		close(gate)
		s.end()
		s.expect(`
			0s Closed ParentStopped
			1s heard "one" // it was with the handler already`)
		if last.Discarded != 2 {
			t.Errorf("%d messages were discarded", last.Discarded)
		}
	})
}

func TestDisconnectAndDrainDropNothingThatHadArrived(t *testing.T) {
	for name, command := range map[string]any{"a disconnect": messages.Disconnect{}, "a drain": messages.Drain{}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gate := make(chan struct{})
				s := newStage(t, slowly(gate))
				s.connect()
				for _, text := range []string{"one", "two", "three"} {
					s.peer.last().send(text)
				}
				synctest.Wait()
				s.ask(command)
				s.after(time.Minute)
				close(gate)
				synctest.Wait()
				if got := fmt.Sprint(s.inbound); got != "[one two three]" || s.status() != messages.Closed {
					t.Errorf("the handler heard %s, the channel is %s", got, s.status())
				}
				s.end()
			})
		})
	}
}

func TestPanicInHandlerCostsTheConnectionOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) {
			handle := settings.Handler
			settings.Handler = func(m messages.Received) {
				handle(m)
				if string(m.Data) == "bug" {
					panic("the handler's bug")
				}
			}
		})
		s.connect()
		s.peer.last().send("one", "bug", "two")
		s.after(10 * time.Second)
		s.peer.last().send("three")
		synctest.Wait()
		s.expect(`
			0s Backoff ActorPanic
			0s heard "one"
			0s heard "bug"
			0s heard "two"
			2s Queued
			2s Preparing
			2s Dialing
			2s Authenticating
			2s Ready
			10s heard "three"`)
		if last := s.record.lastReason; last == nil || last.Code != messages.ReasonActorPanic || last.Detail != "the handler's bug" {
			t.Errorf("the next address request is told %s", last)
		}
		s.end()
	})
}

// The budget is how many panics a channel may have within a minute.
func TestPanicsBeyondTheBudgetFailTheChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) { settings.Protocol = script{} })
		s.connect()
		panics := func(n int, every time.Duration) {
			for range n {
				s.peer.last().send("BOOM")
				s.after(time.Second)
				s.ask(messages.Connect{})
				s.after(every)
			}
		}
		panics(20, 15*time.Second) // at most four in any minute
		if s.status() != messages.Ready {
			t.Errorf("the channel is %s", s.status())
		}
		s.after(time.Minute)
		panics(5, time.Second)
		s.skip()
		s.peer.last().send("BOOM")
		s.after(time.Hour)
		s.expect(`6m30s Failed RestartIntensity`)
		s.end()
	})
}

// Whoever begins to observe looks at all channels while nothing can be published, and a
// message is published while nothing else can come into the inbox.
func TestAChannelCanBeLookedAtWhileObserversAreToldOfAMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) { settings.PublishReceived = true })
		s.connect()
		var seen []uint64
		s.watch = func(e messages.Event) {
			if _, ok := e.(messages.Received); ok {
				seen = append(seen, s.record.Snapshot().Delivered)
			}
		}
		s.peer.last().send("a")
		synctest.Wait()
		s.peer.last().send("b")
		synctest.Wait()
		if fmt.Sprint(seen) != "[0 1]" {
			t.Errorf("before each message, so many were delivered: %v", seen)
		}
		s.end()
	})
}

// What a session leaves by Goexit with, on the goroutine that reported a message, is
// nobody's misfortune: neither in Receive nor in what comes right after it.
func TestAMessageIsHandledAlthoughASessionLeftByGoexit(t *testing.T) {
	for sentence, leaves := range map[string]string{"over the message itself": "", "over a message that is sent next": "hello"} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var s *stage
				s = newStage(t, func(settings *Settings) {
					settings.Protocol = script{leaving: func(what string) {
						if what == "hello" && leaves == "hello" { // meanwhile somebody sends
							var sender sync.WaitGroup
							sender.Go(func() { _, _ = s.record.Send(messages.Text("LEAVE")) })
							sender.Wait()
						}
						if what == "LEAVE" {
							runtime.Goexit()
						}
					}}
				})
				s.connect()
				for _, word := range []string{"first", "hello", "LEAVE", "again"} {
					go s.peer.last().send(word)
					synctest.Wait()
				}
				if got := fmt.Sprint(s.inbound); got != "[first hello LEAVE again]" {
					t.Errorf("the handler heard %s", got)
				}
				s.end()
			})
		})
	}
}

// What came together with the message is read as well, although nobody reports it again.
func TestWhatIsBehindAMessageThatASessionLeftOverIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) {
			settings.Protocol = script{leaving: func(what string) {
				if what == "LEAVE" {
					runtime.Goexit()
				}
			}}
		})
		s.connect()
		go s.peer.last().send("LEAVE", "first", "LEAVE", "LEAVE", "second")
		synctest.Wait()
		if got := fmt.Sprint(s.inbound); got != "[LEAVE first LEAVE LEAVE second]" {
			t.Errorf("the handler heard %s", got)
		}
		s.end()
	})
}

// Nor does what is sent after such a message wait for another one.
func TestWhatIsBehindAMessageThatASessionLeftOverIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) {
			settings.Protocol = script{leaving: func(what string) {
				if what == "LEAVE" {
					runtime.Goexit()
				}
			}}
		})
		for _, text := range []string{"LEAVE", "first", "LEAVE", "LEAVE", "second"} {
			s.send(text)
		}
		s.connect()
		if got := fmt.Sprint(s.peer.last().received()); got != "[first second]" {
			t.Errorf("the peer got %s", got)
		}
		s.end()
	})
}

// A peer that never stops makes two reasons to go on reading: what was left, and what
// comes. They must not become more, or everything else waits behind them.
func TestReadingGoesOnForOneReasonAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s *stage
		s = newStage(t, func(settings *Settings) {
			settings.Inbox = InboxLimits{Messages: 1 << 20, Bytes: 1 << 20}
			settings.Protocol = script{leaving: func(string) { s.peer.last().report() }}
		})
		s.connect()
		s.peer.last().send(slices.Repeat([]string{"x"}, 200*readBurst)...)
		synctest.Wait()
		s.mu.Lock()
		if got := len(s.inbound); got != 200*readBurst {
			t.Errorf("%d messages were heard", got)
		}
		s.mu.Unlock()
		if n := s.peer.last().vain; n > 4 {
			t.Errorf("the socket was read %d times in vain", n)
		}
		s.end()
	})
}

// Blocks are used again: what lay in them must not live on for that.
func TestAHandlerThatLeavesByGoexitKeepsNoMessageAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		heard := 0
		s := newStage(t, func(settings *Settings) {
			settings.Handler = func(messages.Received) {
				if heard++; heard == 1 {
					runtime.Goexit()
				}
			}
		})
		b := &s.record.inbox
		b.mu.Lock()
		b.running = true // nobody begins before all are there
		b.mu.Unlock()
		for _, text := range []string{"one", "two"} {
			b.push(&inbound{Received: messages.Received{Data: []byte(text)}}, nil)
		}
		spent := b.queue.head
		go b.drain()
		synctest.Wait()
		if heard != 2 || spent.messages[0].Data != nil || spent.messages[1].Data != nil {
			t.Errorf("%d were heard, and %q and %q are kept", heard, spent.messages[0].Data, spent.messages[1].Data)
		}
		s.end()
	})
}
