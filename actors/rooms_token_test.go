package actors

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// The join before had landed, and its answer was lost. That there is no token now
// does not undo it.
func TestARoomWithoutATokenIsLeftIfAnEarlierJoinMayHaveLanded(t *testing.T) {
	story(t, nil, func(h *hotel) {
		fetches := 0
		spec := named("a")
		spec.Token = func(context.Context, messages.RoomTokenRequest) (messages.Token, error) {
			if fetches++; fetches > 1 {
				return messages.Token{}, errors.New("the issuer is down")
			}
			return messages.NewToken("secret"), nil
		}
		h.lobby.silent["JOIN"] = true
		h.connect()
		h.join(spec)
		h.lobby.set(func(l *lobby) { l.halls["a"].in = h.peer.last() })
		h.after(13 * time.Second)
		if s, _ := h.record.Room("a"); s.Reason.Code != messages.ReasonCredCallbackError {
			t.Fatalf("it is %s because of %s", s.Status, s.Reason)
		}
		h.ask(messages.Leave{Room: "a"})
		h.after(time.Second)
		if in := h.lobby.members(); len(in) != 0 {
			t.Errorf("the server counts us in %v; it was asked %s", in, h.lobby.questions())
		}
	})
}

func TestATokenCallbackThatHangsIsNotCalledAgain(t *testing.T) {
	story(t, nil, func(h *hotel) {
		calls, hang := 0, make(chan struct{})
		spec := named("a")
		spec.Token = func(context.Context, messages.RoomTokenRequest) (messages.Token, error) {
			calls++
			<-hang
			return messages.NewToken("secret"), nil
		}
		h.connect()
		h.join(spec)
		h.after(5 * time.Minute)
		if calls != 1 {
			t.Errorf("it was called %d times", calls)
		}
		close(hang)
		h.after(time.Minute)
		if calls != 2 || h.statusOf("a") != messages.RoomJoined {
			t.Errorf("it returned, and was called %d times; the room is %s", calls, h.statusOf("a"))
		}
	})
}
