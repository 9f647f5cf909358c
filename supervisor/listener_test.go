package supervisor

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

	"github.com/seed14814784/holdfast/actors"
	"github.com/seed14814784/holdfast/messages"
)

// shift is a listener on a bus, in a bubble.
func shift(t *testing.T, limit int, call func(messages.Event)) (*bus, *listener, *actors.Workers, *[]string) {
	t.Helper()
	var panics []string
	workers := &actors.Workers{}
	b := newBus()
	l := newListener("l", limit, workers, func(name, what string) { panics = append(panics, name+": "+what) }, call)
	b.join(&l.observer, nil)
	return b, l, workers, &panics
}

func TestAListenerIsCalledInOrderWhateverItDoes(t *testing.T) {
	for sentence, trouble := range map[string]func(seq uint64){
		"is quick":  func(uint64) {},
		"is slow":   func(uint64) { time.Sleep(time.Minute) },
		"panics":    func(seq uint64) { panic(fmt.Sprint("at ", seq)) },
		"leaves":    func(uint64) { runtime.Goexit() },
		"does each": func(seq uint64) { [](func()){func() {}, func() { panic("now") }, runtime.Goexit}[seq%3]() },
	} {
		t.Run("one that "+sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got []uint64
				b, _, workers, panics := shift(t, 100, func(e messages.Event) {
					seq := e.(messages.StatusChanged).Seq
					got = append(got, seq)
					trouble(seq)
				})
				before := time.Now()
				for seq := range uint64(50) {
					b.publish(changeOf("c", seq), nil)
				}
				if took := time.Since(before); took != 0 {
					t.Errorf("publishing took %s", took)
				}
				if err := workers.Wait(context.Background()); err != nil {
					t.Fatal(err)
				}
				for i, seq := range got {
					if seq != uint64(i) {
						t.Fatalf("%d came when %d was next", seq, i)
					}
				}
				if len(got) != 50 {
					t.Errorf("%d were told", len(got))
				}
				if sentence == "panics" && (len(*panics) != 50 || !strings.HasPrefix((*panics)[7], "l: at 7\n")) {
					t.Errorf("reported: %q", *panics)
				}
			})
		})
	}
}

func TestAListenerThatIsRemovedIsNotCalledAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		b, l, workers, _ := shift(t, 100, func(messages.Event) {
			calls++
			time.Sleep(time.Minute)
		})
		for seq := range uint64(10) {
			b.publish(changeOf("c", seq), nil)
		}
		synctest.Wait()
		l.remove()
		b.leave(&l.observer)
		b.publish(changeOf("c", 11), nil)
		if err := workers.Wait(context.Background()); err != nil {
			t.Fatal(err)
		}
		if calls != 1 {
			t.Errorf("%d calls", calls)
		}
	})
}

// One listener is slow, one panics, one leaves: the others and the channels do
// not notice.
func TestListenersDoNotNoticeOneAnother(t *testing.T) {
	alone := storyWith(t, nil)
	for sentence, trouble := range map[string]func(messages.Event){
		"slow":      func(messages.Event) { time.Sleep(time.Hour) },
		"panicking": func(messages.Event) { panic("in a listener") },
		"leaving":   func(messages.Event) { runtime.Goexit() },
	} {
		if got := storyWith(t, trouble); got != alone {
			t.Errorf("with a %s listener:\n%s\nalone:\n%s", sentence, got, alone)
		}
	}
}

// storyWith is what a listener sees of a channel with a bad life, next to
// another listener.
func storyWith(t *testing.T, trouble func(messages.Event)) (story string) {
	t.Helper()
	inScene(t, func(s *scene) {
		if trouble != nil {
			s.must(s.fleet.Listen("trouble", trouble))
		}
		ch := s.ready("a")[0]
		for range 3 {
			s.server.Drop()
			synctest.Wait()
			s.wait(ch, messages.Ready)
			time.Sleep(time.Minute)
		}
		s.must(ch.Close(s.t.Context()))
		story = s.story("a")
		s.fleet.Unlisten("trouble")
		time.Sleep(time.Hour) // the slow one finishes the call it is in
	})
	return story
}

func TestListenReplacesAndUnlistenRemoves(t *testing.T) {
	inScene(t, func(s *scene) {
		s.ready("a")
		var mu sync.Mutex
		heard := map[string][]string{}
		ear := func(who string) func(messages.Event) {
			return func(e messages.Event) {
				mu.Lock()
				defer mu.Unlock()
				heard[who] = append(heard[who], fmt.Sprintf("%T", e))
			}
		}
		there := len(s.fleet.house.bus.observers)
		s.must(s.fleet.Listen("key", ear("first")))
		s.must(s.fleet.Listen("key", ear("second")))
		s.must(s.fleet.Listen("other", ear("third")))
		if n := len(s.fleet.house.bus.observers); n != there+2 {
			t.Errorf("%d observers, there were %d", n, there)
		}
		ch, _ := s.fleet.Channel("a")
		s.must(ch.Pause(s.t.Context()))
		s.fleet.Unlisten("key")
		s.fleet.Unlisten("key")
		s.fleet.Unlisten("nobody")
		s.must(ch.Resume(s.t.Context()))
		synctest.Wait()
		snapshot, changed := "messages.Snapshot", "messages.StatusChanged"
		for who, want := range map[string][]string{
			"first":  {snapshot},
			"second": {snapshot, changed},
			"third":  {snapshot, changed, changed}, // held, and queued for the least interval
		} {
			if got := fmt.Sprint(heard[who]); got != fmt.Sprint(want) {
				t.Errorf("%s heard %s, want %s", who, got, want)
			}
		}
		if err := s.fleet.Listen("key", nil); !errors.Is(err, messages.ReasonInvalidSpec) {
			t.Errorf("nil: %v", err)
		}
		s.must(s.fleet.Close(s.t.Context()))
		if err := s.fleet.Listen("late", ear("late")); !errors.Is(err, messages.ReasonFleetClosed) {
			t.Errorf("after the end: %v", err)
		}
	})
}

// Many replace the same listener at once: exactly one is left, and it can be
// removed.
func TestListenersOfOneKeyAreNeverTwo(t *testing.T) {
	for range 50 {
		inScene(t, func(s *scene) {
			there := len(s.fleet.house.bus.observers)
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() { _ = s.fleet.Listen("key", func(messages.Event) {}) })
			}
			all.Wait()
			if n := len(s.fleet.house.bus.observers); n != there+1 {
				t.Errorf("%d listeners have the key", n-there)
			}
			s.fleet.Unlisten("key")
			if n := len(s.fleet.house.bus.observers); n != there {
				t.Errorf("%d listeners are left", n-there)
			}
		})
	}
}

func TestAListenerMayUseTheFleet(t *testing.T) {
	inScene(t, func(s *scene) {
		ctx, calls := s.t.Context(), 0
		s.must(s.fleet.Listen("busy", func(event messages.Event) {
			e, ok := event.(messages.StatusChanged)
			if !ok || e.Channel != "a" || e.Cur != messages.Ready {
				return
			}
			calls++
			ch, _ := s.fleet.Channel("a")
			_, sent := ch.Send(ctx, messages.Text("from a listener"))
			_, waited := ch.Wait(ctx, messages.Ready)
			_, pinged := ch.Ping(ctx)
			other, opened := s.fleet.Open(ctx, s.spec("b"))
			for range s.fleet.Channels() {
			}
			for range s.fleet.Events(ctx) {
				break
			}
			err := errors.Join(sent, waited, pinged, opened, s.fleet.Listen("nested", func(messages.Event) {}),
				other.Disconnect(ctx, messages.Logout), other.Close(ctx), ch.Close(ctx))
			if err != nil {
				t.Errorf("from a listener: %v", err)
			}
			s.fleet.Unlisten("busy")
		}))
		ch := s.open(s.spec("a"))
		<-ch.record.Ended()
		synctest.Wait()
		if calls != 1 {
			t.Errorf("%d calls", calls)
		}
	})
}
