package supervisor

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// A wait begins while the room is as the club's answer leaves it; then something
// happens, and the wait is over.
func TestAWaitForARoomEndsWhenTheRoomDoes(t *testing.T) {
	const unanswered = ""
	only := func(statuses ...messages.RoomStatus) []messages.RoomStatus { return statuses }
	forgotten := func(s *clubbed, _ *Channel) {
		s.club.set(func(c *club) { clear(c.seats) })
		s.server.Drop()
	}
	hears := func(word string) func(*clubbed, *Channel) {
		return func(s *clubbed, _ *Channel) { s.club.tell("tea", word) }
	}
	for sentence, test := range map[string]struct {
		answer string // to the join; "IN" is what a club says by itself
		policy messages.RoomPolicy
		wanted []messages.RoomStatus
		then   func(*clubbed, *Channel)
		status messages.RoomStatus
		why    messages.Code // of the error; ReasonOK: there is none
	}{
		"it is joined":             {answer: "IN", status: messages.RoomJoined},
		"there is no such room":    {answer: "NONE", status: messages.RoomGone, why: messages.ReasonRoomNotExist},
		"we may not":               {answer: "DENIED", status: messages.RoomFailed, why: messages.ReasonJoinRejected},
		"it was tried enough":      {answer: "RETRY", policy: messages.RoomPolicy{MaxRetries: 2}, status: messages.RoomFailed, why: messages.ReasonRetriesExhausted},
		"nobody answers":           {answer: unanswered, policy: messages.RoomPolicy{MaxRetries: 2}, status: messages.RoomFailed, why: messages.ReasonRetriesExhausted},
		"that end was waited for":  {answer: "NONE", wanted: only(messages.RoomFailed, messages.RoomGone), status: messages.RoomGone},
		"we are kicked":            {answer: "IN", wanted: only(messages.RoomInterrupted), then: hears("EVICTED"), status: messages.RoomKicked, why: messages.ReasonKickedFromRoom},
		"it is closed for all":     {answer: "IN", wanted: only(messages.RoomInterrupted), then: hears("DESTROYED"), status: messages.RoomGone, why: messages.ReasonDisbanded},
		"we were out and stay out": {answer: "IN", policy: messages.RoomPolicy{Rejoin: messages.StayOut}, wanted: only(messages.RoomRejoining), then: forgotten, status: messages.RoomLost, why: messages.ReasonRoomHeartbeatTimeout},
		"it passes through":        {answer: "IN", wanted: only(messages.RoomVerifying), then: forgotten, status: messages.RoomJoined},
		"it is left": {
			answer: unanswered, then: func(s *clubbed, ch *Channel) { s.must(ch.Leave(s.t.Context(), "tea")) },
			status: messages.RoomDetached, why: messages.ReasonUserLeave,
		},
		"the channel is logged out": {
			answer: unanswered, then: func(s *clubbed, ch *Channel) { s.must(ch.Disconnect(s.t.Context(), messages.Logout)) },
			status: messages.RoomDetached, why: messages.ReasonUserDisconnect,
		},
		"the channel is kicked": {
			answer: unanswered, then: func(s *clubbed, _ *Channel) { s.server.Conns()[0].Kick(4001, "replaced") },
			status: messages.RoomFailed, why: messages.ReasonConnTerminal,
		},
		"the channel is closed": {
			answer: unanswered, then: func(s *clubbed, ch *Channel) { s.must(ch.Close(s.t.Context())) },
			status: messages.RoomDetached, why: messages.ReasonParentStopped,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			inClub(t, func(s *clubbed) {
				if test.answer != "IN" {
					s.club.set(func(c *club) { c.answers["JOIN tea"] = test.answer })
				}
				ch := s.ready("a")[0]
				room := s.join(ch, RoomSpec{ID: "tea", Policy: test.policy})
				now, err := s.during(room, test.wanted, func() {
					if test.then != nil {
						test.then(s, ch)
					}
				})
				if test.why == messages.ReasonOK && err != nil || test.why != messages.ReasonOK && !errors.Is(err, test.why) {
					t.Errorf("it says %v", err)
				}
				if now.Status != test.status {
					t.Errorf("it is %s", now.Status)
				}
			})
		})
	}
}

// during waits for a room while something happens, for at most an hour. It gives
// the room as it is when nothing happens any more.
func (s *clubbed) during(room *Room, wanted []messages.RoomStatus, happens func()) (messages.RoomSnapshot, error) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Hour)
	defer cancel()
	over := make(chan error, 1)
	go func() {
		_, err := room.Wait(ctx, wanted...)
		over <- err
	}()
	synctest.Wait()
	happens()
	err := <-over
	synctest.Wait()
	return room.Snapshot(), err
}

func TestAWaitForARoomEndsWithItsContext(t *testing.T) {
	inClub(t, func(s *clubbed) {
		s.club.set(func(c *club) { c.answers["JOIN tea"] = "RETRY" })
		room := s.join(s.ready("a")[0], named("tea"))
		ctx, cancel := context.WithTimeout(s.t.Context(), time.Hour)
		defer cancel()
		before := time.Now()
		now, err := room.Wait(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(before) != time.Hour {
			t.Errorf("after %s it says %v", time.Since(before), err)
		}
		if now.Status.Ended() || now.Attempt == 0 {
			t.Errorf("the room gave up: %+v", now)
		}
	})
}

func TestAWaitForARoomThatWasLeftSaysThatWeAreNotIn(t *testing.T) {
	inClub(t, func(s *clubbed) {
		ch := s.ready("a")[0]
		room := s.enter(ch, named("tea"))
		s.must(room.Leave(s.t.Context()))
		if _, err := room.Wait(s.t.Context()); !errors.Is(err, messages.ReasonNotInRoom) {
			t.Errorf("it says %v", err)
		}
		if now, err := room.Wait(s.t.Context(), messages.RoomDetached); err != nil || now.Status != messages.RoomDetached {
			t.Errorf("it is %s, and says %v", now.Status, err)
		}
	})
}

func TestAHandleIsGoodForTheNextLifeOfItsRoom(t *testing.T) {
	inClub(t, func(s *clubbed) {
		ch := s.ready("a")[0]
		room := s.enter(ch, named("tea"))
		s.must(room.Leave(s.t.Context()))
		s.join(ch, named("tea"))
		if now, err := room.Wait(s.t.Context()); err != nil || now.Status != messages.RoomJoined {
			t.Errorf("it is %s, and says %v", now.Status, err)
		}
	})
}
