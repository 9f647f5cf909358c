package actors

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
)

// What the channel says may come before or after it stops the rooms actor: either
// way it has to sound the same.
func TestRoomsOfAChannelThatIsClosedSettleNothing(t *testing.T) {
	for range 20 {
		story(t, nil, func(h *hotel) {
			h.lobby.silent["JOIN"] = true
			h.join(named("a"))
			h.connect()
			h.system.Root.Stop(h.pid)
			h.after(0)
			h.expect(`
				0s Closed ParentStopped
				0s a Detached ParentStopped`)
		})
	}
}

// The answer may never come, and the room wait for its next attempt for long.
func TestARoomThatWaitsHoldsNothingBack(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.lobby.silent["JOIN"] = true
		h.connect()
		h.join(named("a"))
		h.peer.last().send("PUB a 1 x")
		h.after(10 * time.Second)
		h.peer.last().send("PUB a 2 y")
		h.after(0)
		if w := h.record.lanes.find("a"); h.statusOf("a") != messages.RoomWaiting || len(w.live) != 0 || w.bytes != 0 {
			t.Errorf("it is %s and holds back %d messages, %d bytes", h.statusOf("a"), len(w.live), w.bytes)
		}
	})
}

func TestWhoeverAskedTheRoomsIsAnsweredWhenTheChannelIsClosed(t *testing.T) {
	gate := make(chan struct{})
	slow := func(messages.RoomPolicy) lifecycle.Strategy {
		<-gate
		return lifecycle.StrategyFunc(func(lifecycle.Failure) lifecycle.Verdict { return lifecycle.Verdict{Delay: time.Second} })
	}
	synctest.Test(t, func(t *testing.T) {
		gate = make(chan struct{})
		h := newHotel(t, []string{"a", "b"}, func(s *Settings) { s.RoomStrategy = slow })
		h.connect()
		answers := make(chan any, 2)
		for _, room := range []string{"a", "b"} {
			h.tell(&Request{Command: messages.Join{Room: named(room)}, Answer: answers})
		}
		synctest.Wait()
		h.system.Root.Stop(h.pid)
		synctest.Wait()
		close(gate)
		h.after(0)
		if len(answers) != 2 {
			t.Fatalf("%d of 2 were answered", len(answers))
		}
		for _, want := range []error{nil, messages.ReasonNoSuchChannel} {
			if got := (<-answers).(messages.Reply).Err; !errors.Is(got, want) {
				t.Errorf("the answer is %v, want %v", got, want)
			}
		}
		h.end()
	})
}

// Whoever asked may have closed the channel for the answer: then there is no end to wait
// for that does not come.
func TestAChannelEndsAlthoughSomebodyWhoAskedItsRoomsCannotBeAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		h := newHotel(t, []string{"a", "b"}, func(s *Settings) {
			s.RoomStrategy = func(messages.RoomPolicy) lifecycle.Strategy {
				<-gate
				return lifecycle.StrategyFunc(func(lifecycle.Failure) lifecycle.Verdict { return lifecycle.Verdict{Delay: time.Second} })
			}
		})
		h.connect()
		somewhere, nowhere := make(chan any, 2), make(chan any)
		for _, answer := range []chan any{somewhere, nowhere, somewhere} {
			h.tell(&Request{Command: messages.Join{Room: named("a")}, Answer: answer})
		}
		synctest.Wait()
		close(nowhere)
		h.system.Root.Stop(h.pid)
		synctest.Wait()
		close(gate)
		h.end()
		if len(somewhere) != 2 {
			t.Errorf("%d of 2 were answered", len(somewhere))
		}
	})
}

// What is in the roster is theirs while they are there, also if the channel is told to
// stop before it has started anew.
func TestAChannelThatCrashedLeavesTheRosterToItsRooms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		h := newHotel(t, []string{"a"}, func(s *Settings) {
			s.RoomStrategy = func(messages.RoomPolicy) lifecycle.Strategy {
				<-gate
				return lifecycle.StrategyFunc(func(lifecycle.Failure) lifecycle.Verdict { return lifecycle.Verdict{Delay: time.Second} })
			}
		})
		h.connect()
		h.tell(&Request{Command: messages.Join{Room: named("a")}, Answer: make(chan any, 1)})
		synctest.Wait()
		before := h.record.roster.dawn
		nowhere := make(chan any)
		close(nowhere)
		h.tell(&Request{Command: messages.GetStatus{}, Answer: nowhere})
		synctest.Wait()
		h.system.Root.Stop(h.pid)
		synctest.Wait()
		if now := h.record.roster.dawn; now != before {
			t.Errorf("it was %+v and is %+v", before, now)
		}
		close(gate)
		h.end()
	})
}
