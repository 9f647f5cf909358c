package actors

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// crashRooms makes the rooms actor panic: a token for no room is a nil pointer.
func (h *hotel) crashRooms() {
	h.t.Helper()
	before := h.record.Snapshot().Panics
	h.system.Root.Send(h.record.rooms.Load(), &roomToken{})
	synctest.Wait()
	if h.record.Snapshot().Panics != before+1 {
		h.t.Fatalf("nothing crashed")
	}
}

func TestRoomsSettleAlthoughTheirActorCrashesMeanwhile(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.lobby.silent["JOIN b"] = true
		h.join(named("a"))
		h.join(named("b"))
		h.connect()
		h.crashRooms()
		h.lobby.set(func(l *lobby) { clear(l.silent) })
		h.after(0)
		h.peer.last().send("IN b 4 e1/0 false")
		h.after(0)
		h.expect(`
			0s b Joined Joined
			0s settled ok=2 failed=0 gap=0
			0s peer got "LEAVE b 3"
			0s peer got "JOIN b 4 join /0"`)
	})
}

func TestJoinThatTheRoomsActorTookToItsGraveIsUndoneBeforeTheNext(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.lobby.silent["JOIN"] = true
		h.up(named("a"))
		h.lobby.set(func(l *lobby) { clear(l.silent) })
		h.crashRooms()
		if got := h.lobby.questions(); got != "LEAVE a, JOIN a" || h.statusOf("a") != messages.RoomJoined {
			t.Errorf("it asked %s; the room is %s", got, h.statusOf("a"))
		}
	})
}

func TestDrainEndsWhenTheRoomsAreLeftAlthoughTheirActorCrashes(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.up(named("a"))
		h.lobby.set(func(l *lobby) { l.silent["LEAVE"] = true })
		h.ask(messages.Drain{})
		h.lobby.set(func(l *lobby) { clear(l.silent) })
		h.crashRooms()
		h.after(time.Second)
		if s := h.record.Snapshot(); s.Status != messages.Closed {
			t.Errorf("the channel is %s, and the server was asked %s", s.Status, h.lobby.questions())
		}
	})
}

func TestARoomsTokenIsRenewedAlthoughTheRoomsActorCrashed(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.lobby.lives = 100 * time.Second
		spec := named("a")
		spec.Token = func(context.Context, messages.RoomTokenRequest) (messages.Token, error) {
			return messages.NewToken("secret"), nil
		}
		h.up(spec)
		h.crashRooms()
		h.after(90 * time.Second)
		if got := h.lobby.questions(); got != "RENEW a" {
			t.Errorf("it asked %q", got)
		}
	})
}

func TestARoomsTokenThatIsFetchedWhileTheChannelCrashesIsFetchedAgain(t *testing.T) {
	story(t, nil, func(h *hotel) {
		spec := named("a")
		spec.Token = func(ctx context.Context, _ messages.RoomTokenRequest) (messages.Token, error) {
			time.Sleep(time.Second)
			return messages.NewToken("secret"), nil
		}
		h.connect()
		h.join(spec)
		h.inspect(func(*channel) { panic("a bug") })
		h.after(time.Minute)
		if s, _ := h.record.Room("a"); s.Status != messages.RoomJoined {
			t.Errorf("it is %s because of %s", s.Status, s.Reason)
		}
	})
}

// The rooms' actor is restarted while its channel is told to stop.
func TestRoomsThatCrashWhenTheirChannelIsClosedEndWithIt(t *testing.T) {
	for range 20 {
		story(t, nil, func(h *hotel) {
			h.up(named("a"))
			h.system.Root.Send(h.record.rooms.Load(), &roomToken{})
			h.system.Root.Stop(h.pid)
			h.after(0)
			if got := h.statusOf("a"); got != messages.RoomDetached {
				t.Errorf("it is %s", got)
			}
		})
	}
}
