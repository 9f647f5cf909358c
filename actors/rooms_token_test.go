package actors

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
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

// verbose refuses to present a token that it finds too long.
type verbose struct{ *lobby }

func (p verbose) NewSession(o transport.Opening) transport.Session {
	return verboseSession{p.lobby.NewSession(o).(*lobbySession)}
}

type verboseSession struct{ *lobbySession }

func (verboseSession) RenewRoom(transport.Link, transport.Ticket, messages.Token) error {
	return &messages.Error{Op: "renew", Reason: messages.Because(messages.ReasonTooLarge, "the token is too long")}
}

func TestARoomsTokenThatCannotBePresentedDoesNotCostTheConnection(t *testing.T) {
	var l *lobby
	story(t, func(s *Settings) {
		l = s.Protocol.(*lobby)
		l.lives = 10 * time.Second
		s.Protocol = verbose{l}
	}, func(h *hotel) {
		spec := named("a")
		spec.Token = func(context.Context, messages.RoomTokenRequest) (messages.Token, error) {
			return messages.NewToken("secret"), nil
		}
		h.up(spec, named("b"))
		h.after(time.Minute)
		if h.record.Snapshot().Epoch != 1 || h.statusOf("b") != messages.RoomJoined {
			t.Errorf("it is connection %d, b is %s", h.record.Snapshot().Epoch, h.statusOf("b"))
		}
	})
}

func TestATokenThatCannotBeRenewedIsAskedForLessAndLessSoon(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.lobby.lives = 1000 * time.Second
		var asked []int // at these seconds
		spec := named("a")
		spec.Token = func(context.Context, messages.RoomTokenRequest) (messages.Token, error) {
			asked = append(asked, int(time.Since(h.start).Round(time.Second).Seconds()))
			if len(asked) > 1 {
				return messages.Token{}, errors.New("the issuer is down")
			}
			return messages.NewToken("secret"), nil
		}
		h.up(spec)
		h.after(1100 * time.Second) // and the server forgets to end it
		want := []int{0, 850, 925, 963, 981, 991, 995, 998, 999, 1000, 1001, 1031, 1061, 1091}
		if !slices.Equal(asked, want) {
			t.Errorf("asked at %v, want %v", asked, want)
		}
	})
}
