package supervisor

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/seed14814784/holdfast/messages"
)

// changeOf makes an event that carries only what tells it apart.
func changeOf(id messages.ChannelID, seq uint64) messages.StatusChanged {
	return messages.StatusChanged{Channel: id, Seq: seq}
}

// queueOf makes an observer that nobody drains by itself.
func queueOf(limit int) *observer { return &observer{name: "o", limit: limit, ready: func() {}} }

// takeAll empties a queue.
func takeAll(o *observer) (all []messages.Event) {
	for {
		e, ok, _ := o.take()
		if !ok {
			return all
		}
		all = append(all, e)
	}
}

func TestAFullQueueTellsWhatIsMissingWhereItIsMissing(t *testing.T) {
	missed := func(n uint64) messages.Event { return messages.Missed{Observer: "o", Count: n} }
	e := func(n uint64) messages.Event { return changeOf("c", n) }
	for sentence, test := range map[string]struct {
		limit int
		// A positive step offers that many events, a negative one takes as many.
		steps []int
		want  []messages.Event
	}{
		"what fits is told":                         {2, []int{2}, []messages.Event{e(1), e(2)}},
		"what does not is counted at the end":       {2, []int{5}, []messages.Event{e(1), e(2), missed(3)}},
		"or before the next that fits":              {2, []int{5, -1, 1}, []messages.Event{e(1), e(2), missed(3), e(6)}},
		"a queue that was emptied begins with it":   {2, []int{5, -2, 1}, []messages.Event{e(1), e(2), missed(3), e(6)}},
		"a gap is told once":                        {2, []int{5, -3, 1}, []messages.Event{e(1), e(2), missed(3), e(6)}},
		"each gap has its place":                    {1, []int{3, -1, 2, -2, 3}, []messages.Event{e(1), missed(2), e(4), missed(1), e(6), missed(2)}},
		"one that is slow for ever is told for all": {1, []int{1000}, []messages.Event{e(1), missed(999)}},
	} {
		o, next := queueOf(test.limit), uint64(1)
		var got []messages.Event
		for _, step := range test.steps {
			for range max(step, 0) {
				o.offer(e(next))
				next++
			}
			for range max(-step, 0) {
				event, ok, _ := o.take()
				if !ok {
					t.Fatalf("%s: nothing to take", sentence)
				}
				got = append(got, event)
			}
		}
		if got = append(got, takeAll(o)...); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: got %v, want %v", sentence, got, test.want)
		}
	}
}

// Whatever the order of offering and taking, what an observer is told and what
// it is told it missed are all there was, in order, and memory is bounded.
func TestAQueueAccountsForEveryEvent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 5).Draw(t, "limit")
		o, offered, seen := queueOf(limit), uint64(0), uint64(0)
		note := func(event messages.Event) {
			switch e := event.(type) {
			case messages.Missed:
				if e.Count == 0 {
					t.Fatal("nothing was missed")
				}
				seen += e.Count
			case messages.StatusChanged:
				if seen++; e.Seq != seen {
					t.Fatalf("%d came when %d was next", e.Seq, seen)
				}
			}
		}
		for _, offer := range rapid.SliceOfN(rapid.Bool(), 0, 60).Draw(t, "offers") {
			if offer {
				offered++
				o.offer(changeOf("c", offered))
			} else if e, ok, _ := o.take(); ok {
				note(e)
			}
			if waiting := len(o.queue) - o.taken; waiting > limit+1 || len(o.queue) > 4*(limit+1) {
				t.Fatalf("%d wait in a queue of %d, the limit is %d and a gap", waiting, len(o.queue), limit)
			}
		}
		for _, e := range takeAll(o) {
			note(e)
		}
		if seen != offered {
			t.Fatalf("%d were offered, %d accounted for", offered, seen)
		}
	})
}

func TestSnapshotsDoNotCountForTheLimit(t *testing.T) {
	o := queueOf(1)
	o.prime([]messages.Event{messages.Snapshot{Channel: "a"}, messages.Snapshot{Channel: "b"}, messages.Snapshot{Channel: "c"}})
	o.offer(changeOf("a", 1))
	want := []messages.Event{messages.Snapshot{Channel: "a"}, messages.Snapshot{Channel: "b"}, messages.Snapshot{Channel: "c"}, changeOf("a", 1)}
	if got := takeAll(o); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	for seq := range uint64(3) {
		o.offer(changeOf("b", seq))
	}
	if got := takeAll(o); !reflect.DeepEqual(got, []messages.Event{changeOf("b", 0), messages.Missed{Observer: "o", Count: 2}}) {
		t.Errorf("once they are taken, the limit is what it was: got %v", got)
	}
}

func TestAnObserverThatIsFinishedGetsWhatIsQueuedAndNoMore(t *testing.T) {
	b, o := newBus(), queueOf(8)
	b.join(o, nil)
	b.publish(changeOf("c", 1), nil)
	b.close()
	b.publish(changeOf("c", 2), nil)
	if e, ok, more := o.take(); !ok || !more || e != changeOf("c", 1) {
		t.Errorf("got %v %v %v", e, ok, more)
	}
	if _, ok, more := o.take(); ok || more {
		t.Error("there is more after the end")
	}
	if b.join(queueOf(1), nil) {
		t.Error("a closed bus took an observer")
	}
}

// Channels publish from goroutines of their own while observers come and go.
// Each observer sees, for each channel, the snapshot and then every number after
// it, whenever it came.
func TestALateObserverSeesASnapshotAndThenEveryNumber(t *testing.T) {
	const channels, changes, observers = 4, 500, 40
	b := newBus()
	var mu sync.Mutex
	current := map[messages.ChannelID]uint64{}
	first := func() []messages.Event {
		mu.Lock()
		defer mu.Unlock()
		var events []messages.Event
		for id, seq := range current {
			events = append(events, messages.Snapshot{Channel: id, Seq: seq})
		}
		return events
	}
	var publishers, joiners sync.WaitGroup
	for c := range channels {
		current[messages.ChannelID(fmt.Sprint(c))] = 0
	}
	for c := range channels {
		id := messages.ChannelID(fmt.Sprint(c))
		publishers.Go(func() {
			for seq := uint64(1); seq <= changes; seq++ {
				b.publish(changeOf(id, seq), func() {
					mu.Lock()
					current[id] = seq
					mu.Unlock()
				})
			}
		})
	}
	joined := make(chan *observer, observers)
	joiners.Go(func() {
		for range observers {
			o := queueOf(channels * (changes + 1))
			b.join(o, first)
			joined <- o
		}
	})
	publishers.Wait()
	joiners.Wait()
	close(joined)
	for o := range joined {
		next := map[messages.ChannelID]uint64{}
		for _, event := range takeAll(o) {
			switch e := event.(type) {
			case messages.Snapshot:
				next[e.Channel] = e.Seq + 1
			case messages.StatusChanged:
				if e.Seq != next[e.Channel] {
					t.Fatalf("channel %s: %d came when %d was next", e.Channel, e.Seq, next[e.Channel])
				}
				next[e.Channel]++
			}
		}
		for id, seq := range next {
			if seq != changes+1 {
				t.Errorf("channel %s ended before %d", id, seq)
			}
		}
		b.leave(o)
	}
	if len(b.observers) != 0 {
		t.Errorf("%d observers are left", len(b.observers))
	}
}

func TestEventsBeginWithSnapshotsAndEndWithTheFleet(t *testing.T) {
	inScene(t, func(s *scene) {
		s.ready("a", "b")
		var got []messages.Event
		done := make(chan struct{})
		go func() {
			defer close(done)
			for e := range s.fleet.Events(context.Background()) {
				got = append(got, e)
			}
		}()
		synctest.Wait()
		if len(got) != 2 || got[0].(messages.Snapshot).Status != messages.Ready || got[1].(messages.Snapshot).Status != messages.Ready {
			t.Errorf("it began with %v", got)
		}
		s.must(s.fleet.Close(s.t.Context()))
		<-done
		last := map[messages.ChannelID]messages.Event{}
		for _, e := range got {
			last[e.Subject()] = e
		}
		for _, id := range []messages.ChannelID{"a", "b"} {
			if _, ok := last[id].(messages.Stopped); !ok {
				t.Errorf("the last event of %s is %v", id, last[id])
			}
		}
		for e := range s.fleet.Events(context.Background()) {
			t.Errorf("a closed fleet tells %v", e)
		}
	})
}

func TestEventsEndWithTheirContextAndWithTheirLoop(t *testing.T) {
	inScene(t, func(s *scene) {
		s.ready("a")
		there := len(s.fleet.house.bus.observers)
		ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
		defer cancel()
		before := time.Now()
		for range s.fleet.Events(ctx) {
		}
		if took := time.Since(before); took != time.Minute {
			t.Errorf("the loop ended after %s", took)
		}
		for range s.fleet.Events(s.t.Context()) {
			break
		}
		func() {
			defer func() { _ = recover() }()
			for range s.fleet.Events(s.t.Context()) {
				panic("in the loop")
			}
		}()
		for range s.fleet.Events(ctx) {
			t.Error("an ended context got an event")
		}
		if n := len(s.fleet.house.bus.observers); n != there {
			t.Errorf("%d observers, there were %d", n, there)
		}
	})
}

func TestALoopThatIsTooSlowIsToldWhatItMissed(t *testing.T) {
	inScene(t, func(s *scene) {
		s.ready("a")
		ch, _ := s.fleet.Channel("a")
		told, missed := 0, uint64(0)
		for event := range s.fleet.Events(s.t.Context()) {
			switch e := event.(type) {
			case messages.Snapshot:
				for range 20 { // five statuses each, and heartbeats, while nobody looks
					s.must(ch.Redial(s.t.Context(), "again"))
					time.Sleep(time.Minute)
				}
			case messages.Missed:
				missed = e.Count
			default:
				told++
			}
			if missed > 0 {
				break
			}
		}
		if told != 7 || missed < 93 {
			t.Errorf("%d were told and %d missed", told, missed)
		}
	}, WithObserverQueue(7))
}

func TestWaitSeesWhatPassesAndWhatEnds(t *testing.T) {
	inScene(t, func(s *scene) {
		ch := s.ready("a")[0]
		ctx := s.t.Context()
		if _, err := ch.Wait(ctx, messages.Closed, messages.Ready); err != nil {
			t.Errorf("it is there already: %v", err)
		}
		passed := make(chan error, 3)
		for _, status := range []messages.Status{messages.Backoff, messages.Preparing, messages.Queued} {
			go func() { _, err := ch.Wait(ctx, status); passed <- err }()
		}
		synctest.Wait()
		s.server.Drop()
		for range 3 {
			if err := <-passed; err != nil {
				t.Errorf("a status that was passed through: %v", err)
			}
		}
		s.wait(ch, messages.Ready)

		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if snapshot, err := ch.Wait(short, messages.Suspended); !errors.Is(err, context.DeadlineExceeded) || snapshot.Status != messages.Ready {
			t.Errorf("the context ended: %v %v", snapshot, err)
		}
		ended := make(chan error, 1)
		go func() { _, err := ch.Wait(ctx, messages.Suspended); ended <- err }()
		synctest.Wait()
		s.server.Conns()[0].Kick(4001, "replaced")
		if err := <-ended; !errors.Is(err, messages.ReasonKickedOtherDevice) {
			t.Errorf("the channel ended: %v", err)
		}
		if _, err := ch.Wait(ctx); !errors.Is(err, messages.ReasonKickedOtherDevice) {
			t.Errorf("the channel had ended: %v", err)
		}
		if _, err := ch.Wait(ctx, messages.Kicked); err != nil {
			t.Errorf("it is what was wanted: %v", err)
		}
		if len(s.fleet.house.bus.waiters) != 0 {
			t.Error("somebody waits still")
		}
	})
}

func TestEverybodyWhoWaitsIsToldOfTheEnd(t *testing.T) {
	inScene(t, func(s *scene) {
		ch := s.ready("a")[0]
		errs := make(chan error, 100)
		for range cap(errs) {
			go func() { _, err := ch.Wait(context.Background(), messages.Failed); errs <- err }()
		}
		synctest.Wait()
		s.must(ch.Close(s.t.Context()))
		for range cap(errs) {
			if err := <-errs; err == nil {
				t.Fatal("a wait ended well")
			}
		}
		if len(s.fleet.house.bus.waiters) != 0 {
			t.Error("somebody waits still")
		}
	})
}
