package actors

import (
	"errors"
	"testing"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

func TestARoomThatIsLeftTakesNoMoreSends(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.lobby.silent["LEAVE"] = true
		h.up(named("a"))
		h.ask(messages.Leave{Room: "a"})
		if _, err := h.record.Send(messages.Text("late").In("a")); !errors.Is(err, messages.ReasonNotInRoom) {
			t.Errorf("a send says %v", err)
		}
	})
}

func TestWhatWaitedForARoomThatIsLeftIsNotSaidInItsNextLife(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.lobby.silent["JOIN"], h.lobby.silent["LEAVE"] = true, true
		h.connect()
		h.join(named("a"))
		h.post(messages.Text("old").In("a"))
		h.ask(messages.Leave{Room: "a"})
		h.join(named("a"))
		h.post(messages.Text("new").In("a"))
		h.lobby.set(func(l *lobby) { clear(l.silent) })
		h.skip()
		h.peer.last().send("LEFT a 2")
		h.after(0)
		h.expect(`
			0s a Joining UserLeave
			0s a Joined Joined
			0s peer got "JOIN a 3 join /0"
			0s peer got "SAY a new"
			0s #2 Written`)
		if got := h.outcomes[0]; got.ID != 1 || got.Result != messages.ResultFailed || got.Reason.Code != messages.ReasonNotInRoom {
			t.Errorf("what was sent before the leave is %v", got)
		}
	})
}

func TestAnAcknowledgementFromARoomsLastLifeDoesNotCountInTheNext(t *testing.T) {
	o := boxed(OutboxLimits{Messages: 10, RoomMessages: 2, Bytes: 1 << 10, MessageBytes: 1 << 10}, &counter{})
	o.admitRoom("a")
	o.openRoom("a")
	receipt, err := o.Accept(messages.Text("x").In("a"))
	if err != nil {
		t.Fatal(err)
	}
	o.hand()
	o.begin()
	o.written(receipt.ID(), true)
	o.dropRoom("a", messages.Reason{Code: messages.ReasonNotInRoom})
	o.admitRoom("a")
	o.answered(receipt.ID(), messages.ResultDelivered, messages.Reason{}, nil)
	if n := o.roomDepth("a"); n != 0 {
		t.Errorf("%d messages wait", n)
	}
}

func TestAMessageThatWaitsForItsRoomTakesNoPlaceInTheWindow(t *testing.T) {
	o := boxed(OutboxLimits{Messages: 10, Bytes: 200, MessageBytes: 100}, &counter{}) // a window of 100 bytes
	o.admitRoom("a")
	for _, message := range []messages.Message{
		messages.Binary(make([]byte, 90)).In("a"), messages.Binary(make([]byte, 30)), messages.Binary(make([]byte, 30)),
	} {
		if _, err := o.Accept(message); err != nil {
			t.Fatal(err)
		}
		o.hand()
	}
	if n := len(o.handed); n != 2 {
		t.Errorf("%d messages were handed to the connection", n)
	}
}

func TestADrainGoesOnWhenTheRoomThatItWaitsForEnds(t *testing.T) {
	for name, end := range map[string]func(h *hotel){
		"refused": func(h *hotel) { h.peer.last().send("DENIED a 1") },
		"left":    func(h *hotel) { h.ask(messages.Leave{Room: "a"}) },
	} {
		t.Run(name, func(t *testing.T) {
			story(t, nil, func(h *hotel) {
				h.lobby.silent["JOIN"] = true
				h.connect()
				h.join(named("a"))
				h.post(messages.Text("x").In("a"))
				h.ask(messages.Drain{})
				h.after(time.Second)
				if h.status() != messages.Draining {
					t.Fatalf("the channel is %s", h.status())
				}
				end(h)
				h.after(time.Second)
				if h.status() != messages.Closed {
					t.Errorf("the channel is %s", h.status())
				}
			})
		})
	}
}
