package supervisor

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

func named(id string) RoomSpec { return RoomSpec{ID: messages.RoomID(id)} }

// enter joins a room and waits until it is joined.
func (s *clubbed) enter(ch *Channel, spec RoomSpec) *Room {
	s.t.Helper()
	room := s.join(ch, spec)
	if _, err := room.Wait(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	synctest.Wait()
	return room
}

func (s *clubbed) join(ch *Channel, spec RoomSpec) *Room {
	s.t.Helper()
	room, err := ch.Join(s.t.Context(), spec)
	s.must(err)
	return room
}

func TestARoomIsJoinedHeardSpokenInAndLeft(t *testing.T) {
	inClub(t, func(s *clubbed) {
		spec := s.spec("a")
		var heard []string
		spec.Handler = func(m messages.Received) {
			heard = append(heard, fmt.Sprintf("%s: %s %v", m.Room, m.Data, m.Position))
		}
		ch := s.open(spec)
		s.wait(ch, messages.Ready)
		s.forget()
		tea := s.enter(ch, named("tea"))
		if tea.ID() != "tea" || tea.Channel() != ch || tea.String() != "a/tea is Joined" {
			t.Errorf("its handle is %s of %s", tea, tea.Channel())
		}
		s.club.publish("tea", "hello")
		receipt, err := tea.Send(s.t.Context(), messages.Text("hi"))
		s.must(err)
		if o, err := receipt.Wait(s.t.Context()); err != nil || o.Room != "tea" || o.Result != messages.ResultWritten {
			t.Errorf("it ended as %+v (%v)", o, err)
		}
		if now := tea.Snapshot(); now.Position != (messages.Position{Epoch: "e", Offset: 1}) || now.Status != messages.RoomJoined {
			t.Errorf("it is %+v", now)
		}
		if rooms := ch.Rooms(); len(rooms) != 1 || rooms[0].ID() != "tea" {
			t.Errorf("its rooms are %v", rooms)
		}
		s.must(tea.Leave(s.t.Context()))
		s.must(tea.Leave(s.t.Context())) // leaving twice is no error
		if _, known := ch.Room("tea"); known || len(ch.Rooms()) != 0 {
			t.Error("a room that was left is known still")
		}
		if want := []string{"tea: hello {e 1}"}; !reflect.DeepEqual(heard, want) {
			t.Errorf("heard %q, want %q", heard, want)
		}
		if got, want := s.club.questions(), "JOIN tea, SAY tea hi, LEAVE tea"; got != want {
			t.Errorf("the server was told %s, want %s", got, want)
		}
		s.expect("a", `
			0s tea Joining
			0s tea Joined Joined
			0s #1 Written
			0s tea Leaving UserLeave
			0s tea Detached UserLeave`)
	})
}

func TestARoomThatCannotBeIsRefusedWithAReason(t *testing.T) {
	inClub(t, func(s *clubbed) {
		spec := s.spec("a")
		spec.Rooms.Rooms = 2
		ch := s.open(spec)
		s.wait(ch, messages.Ready)
		s.enter(ch, named("tea"))
		s.enter(ch, named("cake"))
		plain := s.spec("b")
		plain.Protocol = transport.Raw()
		without := s.open(plain)
		s.club.questions()
		for sentence, test := range map[string]struct {
			of   *Channel
			spec RoomSpec
			want messages.Code
		}{
			"no ID":                        {ch, RoomSpec{}, messages.ReasonInvalidSpec},
			"an ID above the limit":        {ch, named(strings.Repeat("x", 17)), messages.ReasonInvalidSpec},
			"a way in that does not exist": {ch, RoomSpec{ID: "x", How: 9}, messages.ReasonInvalidSpec},
			"a policy that does not exist": {ch, RoomSpec{ID: "x", Policy: messages.RoomPolicy{Rejoin: 9}}, messages.ReasonInvalidSpec},
			"fewer retries than none":      {ch, RoomSpec{ID: "x", Policy: messages.RoomPolicy{MaxRetries: -1}}, messages.ReasonInvalidSpec},
			"nobody to tell of a gap":      {ch, RoomSpec{ID: "x", Policy: messages.RoomPolicy{OnGap: messages.CallOnGap}}, messages.ReasonInvalidSpec},
			"more rooms than the limit":    {ch, named("x"), messages.ReasonRoomLimit},
			"another policy":               {ch, RoomSpec{ID: "tea", Policy: messages.RoomPolicy{Rejoin: messages.StayOut}}, messages.ReasonConflict},
			"another priority":             {ch, RoomSpec{ID: "tea", Priority: 1}, messages.ReasonConflict},
			"a protocol without rooms":     {without, named("tea"), messages.ReasonNotSupported},
		} {
			room, err := test.of.Join(s.t.Context(), test.spec)
			if room != nil || !errors.Is(err, test.want) {
				t.Errorf("%s: %v, want %s", sentence, err, test.want.String())
			}
		}
		if asked := s.club.questions(); asked != "" {
			t.Errorf("the server was asked %s", asked)
		}
		if in := s.club.members(); !slices.Equal(in, []string{"cake", "tea"}) {
			t.Errorf("in are %v", in)
		}
	})
}

func TestARoomMayBeWantedBeforeConnect(t *testing.T) {
	inClub(t, func(s *clubbed) {
		spec := s.spec("a")
		spec.Manual = true
		ch := s.open(spec)
		tea := s.join(ch, named("tea"))
		time.Sleep(time.Hour)
		s.must(ch.Connect(s.t.Context()))
		receipt, err := tea.Send(s.t.Context(), messages.Text("hi")) // it waits for the channel and for the room
		s.must(err)
		if _, err := tea.Wait(s.t.Context()); err != nil {
			t.Fatal(err)
		}
		if o, err := receipt.Wait(s.t.Context()); err != nil || o.Result != messages.ResultWritten {
			t.Errorf("it ended as %+v (%v)", o, err)
		}
		s.keep(func(e messages.Event) bool { _, ok := e.(messages.StatusChanged); return !ok })
		s.expect("a", `
			0s tea Interrupted
			1h0m0s tea Joining
			1h0m0s tea Joined Joined
			1h0m0s settled ok=1 failed=0 gap=0
			1h0m0s #1 Written`)
		if got, want := s.club.questions(), "JOIN tea, SAY tea hi"; got != want {
			t.Errorf("the server was told %s, want %s", got, want)
		}
	})
}

func TestARoomCannotBeWantedWhenTheChannelHasEnded(t *testing.T) {
	for sentence, test := range map[string]struct {
		end   func(*clubbed, *Channel)
		again ConnectOption
	}{
		"logged out": {func(s *clubbed, ch *Channel) { s.must(ch.Disconnect(s.t.Context(), messages.Logout)) }, nil},
		"kicked":     {func(s *clubbed, _ *Channel) { s.server.Conns()[0].Kick(4001, "replaced"); synctest.Wait() }, Takeover},
		"failed":     {func(s *clubbed, _ *Channel) { s.server.Conns()[0].Kick(4003, "banned"); synctest.Wait() }, nil},
		"drained":    {func(s *clubbed, ch *Channel) { s.must(ch.Drain(s.t.Context())) }, nil},
	} {
		for _, had := range []bool{false, true} {
			inClub(t, func(s *clubbed) {
				ch := s.ready("a")[0]
				if had {
					s.enter(ch, named("tea"))
				}
				test.end(s, ch)
				s.club.questions()
				if !ch.Snapshot().Status.Ended() {
					t.Fatalf("%s: it is %s", sentence, ch)
				}
				if _, err := ch.Join(s.t.Context(), named("tea")); !errors.Is(err, messages.ReasonConnTerminal) || !errors.Is(err, messages.ReasonNotConnected) {
					t.Errorf("%s: a join says %v", sentence, err)
				}
				how := []ConnectOption{}
				if test.again != nil {
					how = append(how, test.again)
				}
				s.must(ch.Connect(s.t.Context(), how...))
				s.wait(ch, messages.Ready)
				if asked := s.club.questions(); asked != "" {
					t.Errorf("%s: rooms of a life that has ended were not wanted again, but the server was asked %s", sentence, asked)
				}
				s.enter(ch, named("tea"))
			})
		}
	}
}

func TestAChannelThatGoesTakesNoMoreRooms(t *testing.T) {
	for sentence, test := range map[string]struct {
		hold func(*clubbed)
		end  func(*clubbed, *Channel)
		is   messages.Status
	}{
		"drained": {
			func(s *clubbed) { s.club.set(func(c *club) { c.answers["LEAVE tea"] = "" }) },
			func(s *clubbed, ch *Channel) { _ = ch.Drain(s.t.Context()) }, messages.Draining,
		},
		"logged out": {
			func(s *clubbed) { s.server.Conns()[0].Silence() },
			func(s *clubbed, ch *Channel) { _ = ch.Disconnect(s.t.Context(), messages.Logout) }, messages.Closing,
		},
	} {
		inClub(t, func(s *clubbed) {
			ch := s.ready("a")[0]
			s.enter(ch, named("tea"))
			test.hold(s)
			go test.end(s, ch)
			s.wait(ch, test.is)
			for _, room := range []string{"tea", "cake"} {
				if _, err := ch.Join(s.t.Context(), named(room)); !errors.Is(err, messages.ReasonConnTerminal) || !errors.Is(err, messages.ReasonNotConnected) {
					t.Errorf("%s: a join of %s says %v", sentence, room, err)
				}
			}
			if _, err := ch.Switch(s.t.Context(), "tea", named("cake")); !errors.Is(err, messages.ReasonNotConnected) {
				t.Errorf("%s: a switch says %v", sentence, err)
			}
			before := time.Now()
			s.wait(ch, messages.Closed)
			if took := time.Since(before); took > 10*time.Second { // a leave that nobody answers
				t.Errorf("%s: it took %s", sentence, took)
			}
		})
	}
}

func TestAClosedChannelRefusesEveryWordAboutRooms(t *testing.T) {
	inClub(t, func(s *clubbed) {
		ch := s.ready("a")[0]
		tea := s.enter(ch, named("tea"))
		s.must(ch.Close(s.t.Context()))
		for sentence, call := range map[string]func() error{
			"join":      func() error { _, err := ch.Join(s.t.Context(), named("cake")); return err },
			"switch":    func() error { _, err := ch.Switch(s.t.Context(), "tea", named("cake")); return err },
			"leave":     func() error { return tea.Leave(s.t.Context()) },
			"leave all": func() error { return ch.LeaveAll(s.t.Context()) },
			"send":      func() error { _, err := tea.Send(s.t.Context(), messages.Text("hi")); return err },
			"wait":      func() error { _, err := tea.Wait(s.t.Context()); return err },
		} {
			if err := call(); !errors.Is(err, messages.ReasonNoSuchChannel) {
				t.Errorf("%s: %v", sentence, err)
			}
		}
		if rooms := ch.Rooms(); len(rooms) != 0 {
			t.Errorf("it has rooms: %v", rooms)
		}
	})
}

func TestARoomIsAskedForOnceHoweverOftenItIsJoined(t *testing.T) {
	inClub(t, func(s *clubbed) {
		ch := s.ready("a")[0]
		s.club.set(func(c *club) { c.answers["JOIN tea"] = "RETRY" })
		first, second := s.join(ch, named("tea")), s.join(ch, named("tea"))
		if first.ID() != second.ID() || first.Snapshot().Status != messages.RoomWaiting {
			t.Errorf("they are %s and %s", first, second)
		}
		// Waiting for its next attempt, it is asked for at once.
		if got, want := s.club.questions(), "JOIN tea, JOIN tea"; got != want {
			t.Errorf("the server was asked %s, want %s", got, want)
		}
		s.club.set(func(c *club) { c.answers["JOIN tea"] = "" })
		s.join(ch, named("tea"))
		s.join(ch, named("tea")) // asked, not answered
		s.club.set(func(c *club) { clear(c.answers) })
		time.Sleep(time.Minute)
		s.join(ch, named("tea")) // joined
		if got, want := s.club.questions(), "JOIN tea, LEAVE tea, JOIN tea"; got != want {
			t.Errorf("the server was asked %s, want %s", got, want)
		}
		if first.Snapshot().Status != messages.RoomJoined {
			t.Errorf("it is %s", first)
		}
		s.must(first.Leave(s.t.Context()))
		s.enter(ch, RoomSpec{ID: "tea", Priority: 7}) // another life, another policy
	})
}

func TestAPositionOfAnotherEpochIsAGap(t *testing.T) {
	for sentence, test := range map[string]struct {
		from messages.Position
		gap  messages.GapPolicy
		want string
	}{
		"where it is":                {messages.Position{Epoch: "e", Offset: 2}, messages.FailOnGap, "Joined Recovered recovered; heard []"},
		"earlier":                    {messages.Position{Epoch: "e", Offset: 1}, messages.FailOnGap, "Joined Recovered recovered; heard [two]"},
		"none":                       {messages.Position{}, messages.FailOnGap, "Joined Joined; heard []"},
		"another epoch, accepted":    {messages.Position{Epoch: "d", Offset: 9}, messages.AcceptGap, "Joined RejoinedWithGap gap; heard []"},
		"another epoch, told":        {messages.Position{Epoch: "d", Offset: 9}, messages.CallOnGap, "Joined RejoinedWithGap gap; heard [gap {d 9} {e 2}]"},
		"another epoch, not allowed": {messages.Position{Epoch: "d", Offset: 9}, messages.FailOnGap, "Failed HistoryLost; heard []"},
	} {
		inClub(t, func(s *clubbed) {
			s.club.publish("tea", "one")
			s.club.publish("tea", "two")
			ch := s.ready("a")[0]
			s.forget()
			heard := []string{}
			s.join(ch, RoomSpec{
				ID: "tea", Position: test.from, Policy: messages.RoomPolicy{OnGap: test.gap},
				Handler: func(m messages.Received) { heard = append(heard, string(m.Data)) },
				Gap:     func(g messages.Gap) { heard = append(heard, fmt.Sprintf("gap %v %v", g.After, g.Before)) },
			})
			got := strings.TrimPrefix(strings.ReplaceAll(strings.TrimSpace(s.story("a")), "0s tea ", ""), "Joining\n")
			if got = fmt.Sprintf("%s; heard %v", got, heard); got != test.want {
				t.Errorf("%s: got %s, want %s", sentence, got, test.want)
			}
			if in := s.club.members(); (len(in) == 1) != strings.HasPrefix(test.want, "Joined") {
				t.Errorf("%s: in are %v", sentence, in)
			}
		})
	}
}

func TestARoomLeftWithoutAConnectionIsLeftAtTheNext(t *testing.T) {
	inClub(t, func(s *clubbed) {
		ch := s.ready("a")[0]
		tea := s.enter(ch, named("tea"))
		s.enter(ch, named("cake"))
		s.club.questions()
		s.server.Drop()
		s.wait(ch, messages.Backoff)
		s.must(tea.Leave(s.t.Context()))
		if got := tea.Snapshot().Status; got != messages.RoomDetached {
			t.Errorf("it is %s", got)
		}
		s.wait(ch, messages.Ready)
		if got, want := s.club.questions(), "LEAVE tea, VERIFY cake"; got != want {
			t.Errorf("the server was asked %s, want %s", got, want)
		}
		if in := s.club.members(); !slices.Equal(in, []string{"cake"}) {
			t.Errorf("in are %v", in)
		}
	})
}

func TestARoomLeftDuringItsJoinStaysLeft(t *testing.T) {
	inClub(t, func(s *clubbed) {
		s.club.set(func(c *club) { c.answers["JOIN tea"] = "" })
		ch := s.ready("a")[0]
		s.forget()
		tea := s.join(ch, named("tea"))
		s.must(tea.Leave(s.t.Context()))
		s.server.Conns()[0].Send("IN tea 1 e/0 false") // the answer comes after all
		time.Sleep(time.Minute)
		s.expect("a", `
			0s tea Joining
			0s tea Leaving UserLeave
			0s tea Detached UserLeave`)
		if got, want := s.club.questions(), "JOIN tea, LEAVE tea"; got != want {
			t.Errorf("the server was asked %s, want %s", got, want)
		}
	})
}

func TestASwitchLeavesOneRoomForTheOther(t *testing.T) {
	inClub(t, func(s *clubbed) {
		spec := s.spec("a")
		spec.Rooms.Rooms = 1 // a switch needs no second place
		ch := s.open(spec)
		s.wait(ch, messages.Ready)
		s.enter(ch, named("tea"))
		s.forget()
		s.club.questions()
		cake, err := ch.Switch(s.t.Context(), "tea", named("cake"))
		s.must(err)
		if _, err := cake.Wait(s.t.Context()); err != nil {
			t.Fatal(err)
		}
		s.expect("a", `
			0s tea Leaving Switched
			0s cake Joining
			0s tea Detached Switched
			0s cake Joined Joined`)
		if got, want := s.club.questions(), "LEAVE tea, JOIN cake"; got != want {
			t.Errorf("the server was asked %s, want %s", got, want)
		}
	})
}

func TestASwitchThatIsRefusedLeavesNothing(t *testing.T) {
	inClub(t, func(s *clubbed) {
		spec := s.spec("a")
		spec.Rooms.Rooms = 2
		ch := s.open(spec)
		s.wait(ch, messages.Ready)
		s.enter(ch, named("tea"))
		s.enter(ch, named("cake"))
		s.club.questions()
		for sentence, test := range map[string]struct {
			from messages.RoomID
			to   RoomSpec
			want messages.Code
		}{
			"to itself":                {"tea", named("tea"), messages.ReasonInvalidSpec},
			"to a room without a name": {"tea", RoomSpec{}, messages.ReasonInvalidSpec},
			"to one with other wishes": {"tea", RoomSpec{ID: "cake", Priority: 1}, messages.ReasonConflict},
			"from nowhere":             {"nowhere", named("pie"), messages.ReasonRoomLimit},
		} {
			if _, err := ch.Switch(s.t.Context(), test.from, test.to); !errors.Is(err, test.want) {
				t.Errorf("%s: %v, want %s", sentence, err, test.want.String())
			}
		}
		if asked := s.club.questions(); asked != "" {
			t.Errorf("the server was asked %s", asked)
		}
		if in := s.club.members(); !slices.Equal(in, []string{"cake", "tea"}) {
			t.Errorf("in are %v", in)
		}
	})
}

func TestLeaveAllLeavesAndForgetsEveryRoom(t *testing.T) {
	inClub(t, func(s *clubbed) {
		s.club.set(func(c *club) { c.answers["JOIN pie"], c.answers["JOIN jam"] = "NONE", "RETRY" })
		ch := s.ready("a")[0]
		for _, room := range []string{"tea", "cake", "pie", "jam"} {
			s.join(ch, named(room))
		}
		s.forget()
		s.must(ch.LeaveAll(s.t.Context()))
		s.expect("a", `
			0s tea Leaving UserLeave
			0s cake Leaving UserLeave
			0s pie Detached UserLeave
			0s jam Detached UserLeave
			0s tea Detached UserLeave
			0s cake Detached UserLeave`)
		if rooms := ch.Rooms(); len(rooms) != 0 {
			t.Errorf("it has rooms: %v", rooms)
		}
		if in := s.club.members(); len(in) != 0 {
			t.Errorf("in are %v", in)
		}
	})
}

func TestNobodySpeaksInARoomThatHeIsNotIn(t *testing.T) {
	for sentence, test := range map[string]struct {
		out    func(*clubbed, *Room)
		status messages.RoomStatus
	}{
		"left":   {func(s *clubbed, r *Room) { s.must(r.Leave(s.t.Context())) }, messages.RoomDetached},
		"kicked": {func(s *clubbed, _ *Room) { s.club.tell("tea", "EVICTED") }, messages.RoomKicked},
		"closed": {func(s *clubbed, _ *Room) { s.club.tell("tea", "DESTROYED") }, messages.RoomGone},
	} {
		inClub(t, func(s *clubbed) {
			ch := s.ready("a")[0]
			tea := s.enter(ch, named("tea"))
			test.out(s, tea)
			if got := tea.Snapshot().Status; got != test.status {
				t.Errorf("%s: it is %s", sentence, got)
			}
			if _, err := tea.Send(s.t.Context(), messages.Text("hi")); !errors.Is(err, messages.ReasonNotInRoom) {
				t.Errorf("%s: a send says %v", sentence, err)
			}
			s.enter(ch, named("tea")) // by hand, it may be joined again
			if _, err := tea.Send(s.t.Context(), messages.Text("hi")); err != nil {
				t.Errorf("%s: back again, a send says %v", sentence, err)
			}
		})
	}
}

func TestWhatWaitsForARoomFailsWhenTheRoomIsLeft(t *testing.T) {
	inClub(t, func(s *clubbed) {
		s.club.set(func(c *club) { c.answers["JOIN tea"] = "RETRY" })
		ch := s.ready("a")[0]
		tea := s.join(ch, named("tea"))
		receipt, err := tea.Send(s.t.Context(), messages.Text("hi"))
		s.must(err)
		if n := tea.Snapshot().Waiting; n != 1 {
			t.Errorf("%d messages wait", n)
		}
		s.must(tea.Leave(s.t.Context()))
		if o, err := receipt.Wait(s.t.Context()); err != nil || o.Result != messages.ResultFailed || o.Reason.Code != messages.ReasonNotInRoom {
			t.Errorf("it ended as %+v (%v)", o, err)
		}
	})
}

func TestAPanicOverARoomCostsTheMessageAndNothingElse(t *testing.T) {
	inClub(t, func(s *clubbed) {
		ch := s.ready("a")[0]
		var heard []string
		note := func(m messages.Received) {
			if string(m.Data) == "boom" {
				panic("the handler's bug")
			}
			heard = append(heard, string(m.Room)+": "+string(m.Data))
		}
		s.enter(ch, RoomSpec{ID: "tea", Handler: note})
		s.enter(ch, RoomSpec{ID: "cake", Handler: note})
		s.forget()
		for _, room := range []string{"tea", "cake"} {
			s.club.publish("tea", "boom")
			s.club.publish(room, "hello")
		}
		s.club.publish("tea", "boom")
		s.expect("a", ``)
		if want := []string{"tea: hello", "cake: hello"}; !reflect.DeepEqual(heard, want) {
			t.Errorf("heard %q, want %q", heard, want)
		}
		if now := ch.Snapshot(); now.Status != messages.Ready || now.Panics != 3 || now.Attempts != 1 {
			t.Errorf("it is %+v", now)
		}
		if log := s.written(); strings.Count(log, `a handler panicked over a message of room \"tea\": the handler's bug`) != 3 {
			t.Errorf("the log says\n%s", log)
		}
	})
}

func TestALateObserverIsShownTheRoomsThatThereAre(t *testing.T) {
	inClub(t, func(s *clubbed) {
		s.club.set(func(c *club) { c.answers["JOIN pie"], c.answers["JOIN jam"] = "NONE", "RETRY" })
		ch := s.ready("a")[0]
		for _, room := range []string{"tea", "cake", "pie", "jam"} {
			s.join(ch, named(room))
		}
		s.must(ch.Leave(s.t.Context(), "cake"))
		var mu = make(chan struct{}, 1)
		var first []messages.Event
		s.must(s.fleet.Listen("late", func(e messages.Event) {
			mu <- struct{}{}
			defer func() { <-mu }()
			first = append(first, e)
		}))
		if len(first) != 4 {
			t.Fatalf("it was shown %v", first)
		}
		if c, ok := first[0].(messages.Snapshot); !ok || c.Channel != "a" {
			t.Errorf("the channel does not come first, but %+v", first[0])
		}
		statuses, last := map[messages.RoomID]messages.RoomStatus{}, uint64(0)
		for _, e := range first[1:] {
			room := e.(messages.RoomSnapshot)
			statuses[room.Room] = room.Status
			last = max(last, room.Seq)
		}
		if want := map[messages.RoomID]messages.RoomStatus{
			"tea": messages.RoomJoined, "pie": messages.RoomGone, "jam": messages.RoomWaiting,
		}; !reflect.DeepEqual(statuses, want) {
			t.Errorf("it was shown %v, want %v", statuses, want)
		}
		s.must(ch.LeaveAll(s.t.Context()))
		for i, e := range first[4:] {
			// Numbered through all rooms of the channel; cake's last two are between.
			if change := e.(messages.RoomChanged); change.Seq != last+uint64(i)+3 {
				t.Errorf("the change %d after %d has number %d", i+1, last, change.Seq)
			}
		}
		if n := len(first) - 4; n != 4 {
			t.Errorf("it was told of %d changes after that", n)
		}
	})
}
