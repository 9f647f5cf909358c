package supervisor

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/actors"
	"github.com/seed14814784/holdfast/messages"
)

// crash sends a channel's actor a question that it cannot answer without a
// panic.
func (s *scene) crash(ch *Channel) {
	nowhere := make(chan any)
	close(nowhere)
	s.fleet.house.system.Root.Send(ch.pid(), &actors.Request{Command: messages.GetStatus{}, Answer: nowhere})
	synctest.Wait()
}

// What was wanted is wanted still, what was running is a failure that counts,
// and nothing that had ended comes back.
func TestAChannelThatCrashesGoesOnFromItsRecord(t *testing.T) {
	retry := "0s Backoff ActorPanic"
	for status, want := range map[messages.Status]string{
		messages.Idle:           "",
		messages.Queued:         retry,
		messages.Preparing:      retry,
		messages.Dialing:        retry,
		messages.Authenticating: retry,
		messages.Syncing:        retry,
		messages.Ready:          retry,
		messages.Backoff:        "",
		messages.Suspended:      "",
		messages.Held:           "",
		messages.Draining:       "0s Closed ActorPanic", // and an outcome, when the socket is gone
		messages.Closing:        "0s Closed ActorPanic",
		messages.Closed:         "",
		messages.Kicked:         "",
		messages.Failed:         "",
	} {
		t.Run(fmt.Sprintf("when it is %s", status), func(t *testing.T) {
			inScene(t, func(s *scene) {
				ch := s.bring(status)
				s.forget()
				s.crash(ch)
				if status == messages.Closing { // the socket of a silent peer takes a moment
					time.Sleep(400 * ms)
				}
				s.keep(func(e messages.Event) bool { _, outcome := e.(messages.Outcome); return !outcome })
				s.expect(ch.ID(), want)
				got, after := ch.Snapshot(), status
				switch {
				case want == retry:
					after = messages.Backoff
				case want != "":
					after = messages.Closed
				}
				if got.Status != after || got.Panics != 1 {
					t.Errorf("it is %+v", got)
				}
				if !strings.Contains(s.written(), `level=error msg="a channel panicked" channel=`+string(ch.ID())+` panic="send on closed channel" stack=`) {
					t.Errorf("the log:\n%s", s.written())
				}
				if status.Ended() || status == messages.Draining || status == messages.Closing {
					dials := len(s.server.Dials())
					time.Sleep(24 * time.Hour)
					if n := len(s.server.Dials()); n != dials {
						t.Errorf("%d more dials", n-dials)
					}
				}
			})
		})
	}
}

func TestAnOutboxOutlivesACrash(t *testing.T) {
	inScene(t, func(s *scene) {
		ctx := s.t.Context()
		ch := s.ready("a")[0]
		s.server.Down()
		s.server.Drop()
		s.wait(ch, messages.Backoff)
		first, err := ch.Send(ctx, messages.Text("first"))
		s.must(err)
		s.crash(ch)
		second, err := ch.Send(ctx, messages.Text("second"))
		s.must(err)
		if got := ch.Snapshot(); got.Waiting != 2 {
			t.Errorf("after the crash: %+v", got)
		}
		if err := s.server.Up(); err != nil {
			t.Fatal(err)
		}
		s.wait(ch, messages.Ready)
		for _, receipt := range []*Receipt{first, second} {
			if o, err := receipt.Wait(ctx); err != nil || o.Result != messages.ResultWritten {
				t.Errorf("its outcome: %v %v", o, err)
			}
		}
		if n := s.network.MaxOpen("/a"); n != 1 {
			t.Errorf("%d connections at once", n)
		}
	})
}

func TestACrashAtReadyReplacesTheConnection(t *testing.T) {
	inScene(t, func(s *scene) {
		ch := s.ready("a")[0]
		s.forget()
		s.crash(ch)
		receipt, err := ch.Send(s.t.Context(), messages.Text("meanwhile"))
		s.must(err)
		s.wait(ch, messages.Ready)
		if o, err := receipt.Wait(s.t.Context()); err != nil || o.Result != messages.ResultWritten {
			t.Errorf("its outcome: %v %v", o, err)
		}
		s.expect("a", `
			0s Backoff ActorPanic
			1s Queued
			1s Preparing
			1s Dialing
			1s Authenticating
			1s Ready
			1s #1 Written`)
		if n := s.network.MaxOpen("/a"); n != 1 {
			t.Errorf("%d connections at once", n)
		}
	})
}

// The dice of a fleet are thrown on its channels' actors, among other times when
// a hint says that there is no network.
func TestACommandThatCrashesAChannelIsAnswered(t *testing.T) {
	var broken atomic.Bool
	inScene(t, func(s *scene) {
		ch := s.bring(messages.Backoff)
		broken.Store(true)
		if err := ch.NetworkDown(s.t.Context()); !errors.Is(err, messages.ReasonActorPanic) {
			t.Errorf("got %v", err)
		}
		s.must(ch.NetworkUp(s.t.Context()))
	}, func(o *options) {
		o.random = func() float64 {
			if broken.CompareAndSwap(true, false) { // once: the restart draws again
				panic("the dice are broken")
			}
			return 0.5
		}
	})
}

func TestAChannelThatCrashesTooOftenFailsAndThenIsStopped(t *testing.T) {
	inScene(t, func(s *scene) {
		ctx, spec := s.t.Context(), s.spec("a")
		spec.Panics = PanicBudget{Max: 2, Within: time.Minute}
		ch := s.open(spec)
		s.wait(ch, messages.Ready)
		for range 3 {
			s.crash(ch)
		}
		if got := ch.Snapshot(); got.Status != messages.Failed || got.Reason.Code != messages.ReasonRestartIntensity || got.Panics != 3 {
			t.Errorf("got %+v", got)
		}
		if _, err := ch.Send(ctx, messages.Text("x")); !errors.Is(err, messages.ReasonNotConnected) {
			t.Errorf("it does not refuse: %v", err)
		}
		time.Sleep(time.Minute) // the crashes are forgotten
		s.must(ch.Connect(ctx))
		s.wait(ch, messages.Ready)
		for range 5 {
			s.crash(ch)
		}
		<-ch.record.Ended()
		s.gone(ch)
		s.ready("a") // the ID is free
	})
}

// Invariant 23: a crash delays nobody, and a close is prompt whatever crashes.
func TestSiblingsDoNotNoticeACrash(t *testing.T) {
	life := func(crash bool) (story string) {
		inScene(t, func(s *scene) {
			ch := s.ready("good")[0]
			var bad []*Channel
			for n := range 10 {
				spec := s.spec(messages.ChannelID(fmt.Sprint(n)))
				spec.Panics = PanicBudget{Max: 1000}
				bad = append(bad, s.open(spec))
			}
			for range 10 {
				time.Sleep(3 * time.Second)
				if crash {
					for _, b := range bad {
						s.crash(b)
					}
				}
				receipt, err := ch.Send(s.t.Context(), messages.Text("hello"))
				s.must(err)
				if _, err := receipt.Wait(s.t.Context()); err != nil {
					t.Error(err)
				}
				s.server.Conns("/good")[0].Drop()
				s.wait(ch, messages.Backoff)
				s.wait(ch, messages.Ready)
			}
			for _, b := range bad {
				if crashes := b.Snapshot().Panics; (crashes == 10) != crash {
					t.Errorf("%s crashed %d times", b.ID(), crashes)
				}
			}
			before := time.Now()
			s.must(s.fleet.Close(s.t.Context()))
			if took := time.Since(before); took > 300*ms {
				t.Errorf("closing took %s", took)
			}
			story = s.story("good")
		})
		return story
	}
	if alone, next := life(false), life(true); alone != next {
		t.Errorf("next to those that crash:\n%s\nalone:\n%s", next, alone)
	}
}

// lingering is a channel whose rooms take a second to end: they are with a strategy.
func (s *clubbed) lingering() *Channel {
	s.t.Helper()
	s.club.set(func(c *club) { c.answers["JOIN b"] = "RETRY" })
	spec := s.spec("a")
	spec.RoomStrategy = StrategyFunc(func(Failure) Verdict {
		time.Sleep(time.Second)
		return Verdict{Delay: time.Hour}
	})
	ch := s.open(spec)
	s.wait(ch, messages.Ready)
	_, err := ch.Join(s.t.Context(), named("b"))
	s.must(err)
	return ch
}

// A channel that is stopped waits for its rooms. If it crashes meanwhile, it must not be
// started anew: it was told to stop, and nobody would tell it again.
func TestAFleetIsClosedAlthoughAChannelCrashesMeanwhile(t *testing.T) {
	inClub(t, func(s *clubbed) {
		ch := s.lingering()
		closed := make(chan error, 1)
		before := time.Now()
		go func() { closed <- s.fleet.Close(context.Background()) }()
		synctest.Wait()
		s.crash(ch)
		if err := <-closed; err != nil || time.Since(before) > 2*time.Second {
			t.Errorf("it took %v: %v", time.Since(before), err)
		}
	})
}

// A strategy that ends the goroutine decides nothing: that is a crash, and too many are
// the end, as they are for any other bug.
func TestAChannelWhoseStrategyLeavesByGoexitFails(t *testing.T) {
	inScene(t, func(s *scene) {
		spec := s.spec("a")
		spec.Strategy = StrategyFunc(func(Failure) Verdict { runtime.Goexit(); return Verdict{} })
		ch := s.open(spec)
		s.wait(ch, messages.Ready)
		s.server.Drop()
		s.wait(ch, messages.Failed)
		if got := ch.Snapshot().Reason.Code; got != messages.ReasonRestartIntensity {
			t.Errorf("it failed because of %s", got)
		}
	})
}

// The supervisor does not know that somebody who has its PID has stopped it, or will. Its
// rooms have not ended then.
func TestAChannelThatCrashesAndIsStoppedByItsPIDEnds(t *testing.T) {
	for sentence, crashFirst := range map[string]bool{"crash, stop": true, "stop, crash": false} {
		t.Run(sentence, func(t *testing.T) {
			inClub(t, func(s *clubbed) {
				ch := s.lingering()
				if crashFirst {
					s.crash(ch)
				}
				s.fleet.house.system.Root.Stop(ch.pid())
				synctest.Wait()
				if !crashFirst {
					s.crash(ch)
				}
				time.Sleep(2 * time.Second)
				if !ch.gone() {
					t.Errorf("it is there still: %+v", ch.Snapshot())
				}
			})
		})
	}
}
