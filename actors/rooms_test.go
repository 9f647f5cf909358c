package actors

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
)

// hotel is a stage whose peer is a lobby.
type hotel struct {
	*stage
	lobby *lobby
}

func newHotel(t reporter, rooms []string, change func(*Settings)) *hotel {
	h := &hotel{lobby: newLobby(rooms...)}
	h.stage = newStage(t, func(s *Settings) {
		s.Protocol = h.lobby
		s.Rooms = RoomLimits{
			Rooms: 100, JoinWindow: 8, JoinRate: 100,
			Join: 10 * time.Second, Verify: 10 * time.Second, Leave: 10 * time.Second, StableAfter: 10 * time.Second,
		}
		s.RoomStrategy = func(policy messages.RoomPolicy) lifecycle.Strategy {
			return lifecycle.StrategyFunc(func(f lifecycle.Failure) lifecycle.Verdict {
				if policy.MaxRetries > 0 && f.Attempt > policy.MaxRetries {
					return lifecycle.Verdict{GiveUp: messages.ReasonRetriesExhausted}
				}
				return lifecycle.Verdict{Delay: time.Second << min(f.Attempt, 5)}
			})
		}
		s.Handler = func(m messages.Received) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.line("heard %s", heardLine(m))
		}
		if change != nil {
			change(s)
		}
	})
	h.peer.set(func(p *peer) { p.answers = h.lobby.answer })
	h.watch = func(event messages.Event) {
		switch e := event.(type) {
		case messages.RoomChanged:
			h.line("%s", roomLine(e))
		case messages.RoomsSettled:
			h.line("settled ok=%d failed=%d gap=%d", e.OK, e.Failed, e.Gap)
		}
	}
	return h
}

func heardLine(m messages.Received) string {
	line := string(m.Data)
	if m.Room != "" {
		line = string(m.Room) + ": " + line
	}
	if m.Recovered {
		line += " (missed)"
	}
	return line
}

func roomLine(e messages.RoomChanged) string {
	line := fmt.Sprintf("%s %s%s", e.Room, e.Cur, because(e.Reason))
	if e.RetryIn > 0 {
		line += fmt.Sprintf(" retry=%s", e.RetryIn)
	}
	if e.Recovered {
		line += " recovered"
	}
	if e.Gap {
		line += " gap"
	}
	return line
}

// up connects and joins rooms, and forgets how.
func (h *hotel) up(specs ...messages.RoomSpec) {
	h.t.Helper()
	h.connect()
	for _, spec := range specs {
		h.join(spec)
	}
	h.skip()
	h.lobby.questions()
}

func (h *hotel) join(spec messages.RoomSpec) {
	h.t.Helper()
	if err := h.ask(messages.Join{Room: spec}).(messages.Reply).Err; err != nil {
		h.t.Fatalf("join %s: %v", spec.ID, err)
	}
}

func named(id string) messages.RoomSpec { return messages.RoomSpec{ID: messages.RoomID(id)} }

func (h *hotel) statusOf(room messages.RoomID) messages.RoomStatus {
	status, _ := h.record.RoomStatus(room)
	return status
}

// story plays a test in a bubble with rooms a and b on the server.
func story(t *testing.T, change func(*Settings), play func(h *hotel)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := newHotel(t, []string{"a", "b"}, change)
		play(h)
		h.end()
	})
}

func TestRoomIsJoinedAndHearsWhatIsSaid(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.connect()
		h.join(named("a"))
		h.lobby.publish("a", "hello")
		h.after(0)
		h.expect(`
			0s a Joining
			0s a Joined Joined
			0s peer got "JOIN a 1 join /0"
			0s heard a: hello`)
	})
}

func TestRoomJoinedBeforeConnectIsJoinedWhenReady(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.join(named("a"))
		h.expect(`0s a Interrupted`)
		h.connect()
		h.after(0)
		if h.statusOf("a") != messages.RoomJoined {
			t.Errorf("it is %s", h.statusOf("a"))
		}
	})
}

// ZIM scenario 4: T0 when the connection is lost, T1 when it is back, T2.
func TestRoomIsInterruptedVerifiedAndJoinedAgainWithoutAGap(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.up(named("a"))
		h.lobby.publish("a", "one")
		h.after(0)
		h.skip()
		h.peer.last().fail(lost())
		h.after(0)
		h.lobby.publish("a", "two")
		h.after(0)
		h.expect(`
			0s Backoff ReadEOF
			0s a Interrupted Interrupted`)
		h.after(2 * time.Second)
		h.expect(`
			2s Queued
			2s Preparing
			2s Dialing
			2s Authenticating
			2s Ready
			2s a Verifying VerifyPending
			2s a Joined Recovered recovered
			2s settled ok=1 failed=0 gap=0
			2s peer got "VERIFY a 2 join e1/1"
			2s heard a: two (missed)`)
	})
}

func TestRoomThatTheServerForgotIsJoinedAgain(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.lobby.forget = true
		h.up(named("a"))
		h.peer.last().fail(lost())
		h.after(3 * time.Second)
		if got := h.lobby.questions(); got != "VERIFY a, JOIN a" {
			t.Errorf("it asked %s", got)
		}
		if h.statusOf("a") != messages.RoomJoined {
			t.Errorf("it is %s", h.statusOf("a"))
		}
	})
}

func TestRoomThatStaysOutIsLostWhenTheServerForgotIt(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.lobby.forget = true
		spec := named("a")
		spec.Policy.Rejoin = messages.StayOut
		h.up(spec)
		h.peer.last().fail(lost())
		h.after(time.Hour)
		if got := h.lobby.questions(); got != "VERIFY a" {
			t.Errorf("it asked %s", got)
		}
		if s, _ := h.record.Room("a"); s.Status != messages.RoomLost || s.Reason.Code != messages.ReasonRoomHeartbeatTimeout {
			t.Errorf("it is %s because of %s", s.Status, s.Reason)
		}
		if _, err := h.record.Send(messages.Text("x").In("a")); !errors.Is(err, messages.ReasonNotInRoom) {
			t.Errorf("a send says %v", err)
		}
	})
}

func TestRoomThatIsGoneStaysGoneUnlessItMayBeCreated(t *testing.T) {
	for name, c := range map[string]struct {
		missing messages.MissingPolicy
		want    messages.RoomStatus
	}{
		"accept": {messages.AcceptMissing, messages.RoomGone},
		"create": {messages.CreateIfMissing, messages.RoomJoined},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, nil, func(h *hotel) {
				spec := named("a")
				spec.Policy.Missing = c.missing
				h.up(spec)
				h.peer.last().fail(lost())
				h.lobby.set(func(l *lobby) { delete(l.halls, "a") })
				h.after(3 * time.Second)
				if got := h.statusOf("a"); got != c.want {
					t.Errorf("it is %s", got)
				}
			})
		})
	}
}

func TestHistoryThatIsTrimmedIsAGap(t *testing.T) {
	for name, c := range map[string]struct {
		policy messages.GapPolicy
		want   string
	}{
		"accepted": {messages.AcceptGap, `
			2s a Joined RejoinedWithGap gap
			2s settled ok=1 failed=0 gap=1
			2s peer got "VERIFY a 2 join e1/1"
			2s heard a: four`},
		"called": {messages.CallOnGap, `
			2s a Joined RejoinedWithGap gap
			2s settled ok=1 failed=0 gap=1
			2s peer got "VERIFY a 2 join e1/1"
			2s heard gap {e1 1} {e1 3}
			2s heard a: four`},
		"refused": {messages.FailOnGap, `
			2s a Failed HistoryLost
			2s settled ok=0 failed=1 gap=0
			2s peer got "VERIFY a 2 join e1/1"
			2s peer got "LEAVE a 3"`},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, nil, func(h *hotel) {
				spec := named("a")
				spec.Policy.OnGap = c.policy
				spec.Gap = func(g messages.Gap) {
					h.mu.Lock()
					defer h.mu.Unlock()
					h.line("heard gap %v %v", g.After, g.Before)
				}
				h.up(spec)
				h.lobby.publish("a", "one")
				h.after(0)
				h.peer.last().fail(lost())
				h.after(0)
				h.lobby.publish("a", "two")
				h.lobby.publish("a", "three")
				h.lobby.set(func(l *lobby) { l.halls["a"].trimmed = 2 })
				h.after(2*time.Second - 1)
				h.skip()
				h.after(1)
				if c.policy != messages.FailOnGap {
					h.lobby.publish("a", "four")
					h.after(0)
				}
				h.lines = h.lines[5:] // the way up
				h.expect("2s a Verifying VerifyPending" + c.want)
			})
		})
	}
}

func TestLiveMessagesWaitForTheHistoryAndComeOnce(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.up(named("a"))
		h.lobby.publish("a", "one")
		h.after(0)
		h.lobby.set(func(l *lobby) { l.silent["VERIFY"] = true })
		h.peer.last().fail(lost())
		h.after(2 * time.Second)
		h.skip()
		s := h.peer.last()
		s.send("PUB a 3 three") // live, before the answer
		s.send("PUB a 4 four")
		h.after(0)
		h.expect("")
		s.send("IN a 2 e1/3 true two three")
		s.send("PUB a 5 five")
		s.send("PUB a 5 five")
		h.after(0)
		h.expect(`
			2s a Joined Recovered recovered
			2s settled ok=1 failed=0 gap=0
			2s heard a: two (missed)
			2s heard a: three (missed)
			2s heard a: four
			2s heard a: five`)
	})
}

func TestRoomThatSomebodyRemovedUsFromIsNotJoinedAgainAndTheOthersDoNotNotice(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.up(named("a"), named("b"))
		h.lobby.tell("a", "EVICTED")
		h.after(time.Second)
		h.expect(`0s a Kicked KickedFromRoom`)
		h.peer.last().fail(lost())
		h.after(time.Minute)
		if got := h.lobby.questions(); got != "VERIFY b" {
			t.Errorf("it asked %s", got)
		}
		if h.statusOf("a") != messages.RoomKicked || h.statusOf("b") != messages.RoomJoined {
			t.Errorf("a is %s, b is %s", h.statusOf("a"), h.statusOf("b"))
		}
	})
}

func TestARoomsRenewalWaitsForRoomInTheSocket(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.lobby.lives = 100 * time.Second
		spec := named("a")
		spec.Token = func(context.Context, messages.RoomTokenRequest) (messages.Token, error) {
			return messages.NewToken("secret"), nil
		}
		h.up(spec)
		h.after(80 * time.Second)
		h.peer.last().clog(true)
		h.after(9 * time.Second)
		h.peer.last().clog(false)
		h.after(0)
		if got := h.lobby.questions(); got != "RENEW a" || h.statusOf("a") != messages.RoomJoined {
			t.Errorf("it asked %s; the room is %s", got, h.statusOf("a"))
		}
	})
}

func TestARoomsTokenIsRenewedAsLongAsTheRoomIsJoined(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.lobby.lives = 10 * time.Second
		var fetched []bool
		spec := named("a")
		spec.Token = func(_ context.Context, request messages.RoomTokenRequest) (messages.Token, error) {
			fetched = append(fetched, request.Refresh)
			return messages.NewToken("secret"), nil
		}
		h.connect()
		h.join(spec)
		h.after(25 * time.Second)
		if got := h.lobby.questions(); got != "JOIN a, RENEW a, RENEW a" {
			t.Errorf("it asked %s", got)
		}
		if want := []bool{false, true, true}; !slices.Equal(fetched, want) {
			t.Errorf("tokens were fetched %v, want %v", fetched, want)
		}
		h.ask(messages.Leave{Room: "a"})
		h.after(time.Minute)
		if got := h.lobby.questions(); got != "LEAVE a" {
			t.Errorf("after the leave it asked %s", got)
		}
	})
}

func TestLeaveWhileOfflineIsToldAtTheNextContact(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.up(named("a"), named("b"))
		h.peer.last().fail(lost())
		h.after(0)
		h.ask(messages.Leave{Room: "a"})
		h.after(3 * time.Second)
		if got := h.lobby.questions(); got != "LEAVE a, VERIFY b" {
			t.Errorf("it asked %s", got)
		}
		if got := h.lobby.members(); strings.Join(got, " ") != "b" {
			t.Errorf("the server has us in %s", got)
		}
	})
}

func TestLeavesThatNobodyAnswersAreOwedForNoMoreRoomsThanThereMayBe(t *testing.T) {
	story(t, func(s *Settings) { s.Rooms.Rooms = 3 }, func(h *hotel) {
		h.up()
		for n := range 10 {
			room := messages.RoomID(fmt.Sprint("r", n))
			h.lobby.set(func(l *lobby) { l.halls[string(room)], l.silent["LEAVE "+string(room)] = &hall{}, true })
			h.join(named(string(room)))
			h.ask(messages.Leave{Room: room})
			h.after(11 * time.Second)
		}
		if n := len(h.record.roster.debts); n != 3 {
			t.Errorf("%d leaves are owed", n)
		}
		h.lobby.questions()
		h.peer.last().fail(lost())
		h.after(3 * time.Second)
		if got := h.lobby.questions(); got != "LEAVE r7, LEAVE r8, LEAVE r9" {
			t.Errorf("it asked %s", got)
		}
	})
}

// The server never answered the leave, and counts us in all the while. The new
// life begins with what comes.
func TestRoomThatIsJoinedAnewWasNotRecovered(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.up(named("a"))
		h.lobby.set(func(l *lobby) { l.silent["LEAVE a"] = true })
		h.ask(messages.Leave{Room: "a"})
		h.join(named("a"))
		h.peer.last().fail(lost())
		h.after(0)
		h.lobby.publish("a", "missed")
		h.after(2*time.Second - 1)
		h.skip()
		h.after(1)
		h.lobby.publish("a", "heard")
		h.after(0)
		h.expect(`
			2s Queued
			2s Preparing
			2s Dialing
			2s Authenticating
			2s Ready
			2s a Verifying VerifyPending
			2s a Joined Joined
			2s settled ok=1 failed=0 gap=0
			2s peer got "VERIFY a 3 join /0"
			2s heard a: heard`)
	})
}

func TestLeaveThatIsOwedSurvivesACrashOfTheChannel(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.up(named("a"))
		h.peer.last().fail(lost())
		h.after(0)
		h.ask(messages.Leave{Room: "a"})
		h.inspect(func(*channel) { panic("a bug") })
		h.after(10 * time.Second)
		if in := h.lobby.members(); len(in) != 0 {
			t.Errorf("the server counts us in %v", in)
		}
	})
}

func TestRoomIsLeft(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.up(named("a"))
		h.ask(messages.Leave{Room: "a"})
		h.lobby.publish("a", "late")
		h.after(0)
		h.expect(`
			0s a Leaving UserLeave
			0s a Detached UserLeave
			0s peer got "LEAVE a 2"`)
		if len(h.record.RoomSnapshots()) != 0 || len(h.record.roster.rooms) != 0 {
			t.Error("it is still known")
		}
	})
}

func TestJoinThatIsNotAnsweredIsUndoneBeforeTheNext(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.connect()
		h.lobby.silent["JOIN"] = true
		h.join(named("a"))
		h.after(11 * time.Second)
		h.lobby.set(func(l *lobby) { delete(l.silent, "JOIN") })
		h.after(2 * time.Second)
		h.expect(`
			0s a Joining
			0s peer got "JOIN a 1 join /0"
			10s a Waiting JoinTimeout retry=2s
			12s a Rejoining
			12s a Joined Joined
			12s peer got "LEAVE a 2"
			12s peer got "JOIN a 3 join /0"`)
	})
}

func TestAnswerThatComesLateIsDropped(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.connect()
		h.lobby.silent["JOIN"] = true
		h.join(named("a"))
		h.ask(messages.Leave{Room: "a"})
		h.peer.last().send("IN a 1 e1/0 false")
		h.after(0)
		h.expect(`
			0s a Joining
			0s a Leaving UserLeave
			0s a Detached UserLeave
			0s peer got "JOIN a 1 join /0"
			0s peer got "LEAVE a 2"`)
	})
}

func TestRoomIsTriedAgainWithinItsOwnBudget(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.lobby.says["JOIN a"] = "RETRY"
		spec := named("a")
		spec.Policy.MaxRetries = 2
		h.connect()
		h.join(spec)
		h.after(time.Minute)
		if got := h.lobby.questions(); got != "JOIN a, JOIN a, JOIN a" {
			t.Errorf("it asked %s", got)
		}
		if s, _ := h.record.Room("a"); s.Status != messages.RoomFailed || s.Reason.Code != messages.ReasonRetriesExhausted {
			t.Errorf("it is %s because of %s", s.Status, s.Reason)
		}
		if h.status() != messages.Ready {
			t.Errorf("the channel is %s", h.status())
		}
	})
}

func TestRoomsMessagesLeaveWhenItIsJoinedAndInOrder(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.lobby.silent["JOIN a"] = true
		h.connect()
		h.join(named("a"))
		h.join(named("b"))
		h.skip()
		h.post(messages.Text("a1").In("a"))
		h.post(messages.Text("b1").In("b"))
		h.post(messages.Text("a2").In("a"))
		h.expect(`
			0s peer got "SAY b b1"
			0s #2 Written`)
		h.peer.last().send("IN a 1 e1/0 false")
		h.after(0)
		h.expect(`
			0s a Joined Joined
			0s peer got "SAY a a1"
			0s peer got "SAY a a2"
			0s #1 Written
			0s #3 Written`)
	})
}

func TestWhatWasSentBeforeALeaveIsSaidBeforeIt(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.up(named("a"))
		if _, err := h.record.Send(messages.Text("bye").In("a")); err != nil {
			t.Fatal(err)
		}
		h.ask(messages.Leave{Room: "a"})
		h.expect(`
			0s a Leaving UserLeave
			0s a Detached UserLeave
			0s peer got "SAY a bye"
			0s peer got "LEAVE a 2"
			0s #1 Written`)
	})
}

func TestRoomThatIsNotJoinedDoesNotFillTheOutboxOfTheOthers(t *testing.T) {
	story(t, func(s *Settings) { s.Outbox.RoomMessages = 3 }, func(h *hotel) {
		h.lobby.silent["JOIN a"] = true
		h.up(named("a"), named("b"))
		for range 3 {
			h.post(messages.Text("x").In("a"))
		}
		if _, err := h.record.Send(messages.Text("x").In("a")); !errors.Is(err, messages.ReasonOutboxFull) {
			t.Errorf("the fourth says %v", err)
		}
		h.post(messages.Text("y").In("b"))
		h.ask(messages.Leave{Room: "a"})
		h.lines = nil
		h.ask(messages.Leave{Room: "b"})
		if n, _ := h.record.outbox.Depth(); n != 0 {
			t.Errorf("%d messages are left", n)
		}
	})
}

func TestJoinsAreAskedByPriorityAndNoMoreThanTheWindow(t *testing.T) {
	var rooms []string
	for i := range 20 {
		rooms = append(rooms, fmt.Sprintf("r%02d", i))
	}
	synctest.Test(t, func(t *testing.T) {
		h := newHotel(t, rooms, func(s *Settings) { s.Rooms.JoinWindow, s.Rooms.JoinRate = 4, 2 })
		h.lobby.silent["JOIN"] = true
		for i, room := range rooms {
			h.join(messages.RoomSpec{ID: messages.RoomID(room), Priority: i})
		}
		h.connect()
		if got := h.lobby.questions(); got != "JOIN r19, JOIN r18, JOIN r17, JOIN r16" {
			t.Errorf("it asked %s", got)
		}
		h.after(9 * time.Second)
		if got := h.lobby.questions(); got != "" {
			t.Errorf("more than the window: %s", got)
		}
		h.lobby.set(func(l *lobby) { clear(l.silent) })
		h.after(30 * time.Second)
		if got := h.lobby.members(); len(got) != 20 {
			t.Errorf("in %d rooms", len(got))
		}
		h.end()
	})
}

func TestNoRateAndNoWindowKeepsJoinsFromBeingAsked(t *testing.T) {
	story(t, func(s *Settings) { s.Rooms.JoinRate, s.Rooms.JoinWindow = 1e-300, math.MaxInt }, func(h *hotel) {
		h.up(named("a"), named("b"))
		if got := strings.Join(h.lobby.members(), " "); got != "a b" {
			t.Errorf("the server has us in %q", got)
		}
	})
}

func TestRoomsEndWithTheChannel(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.up(named("a"))
		h.ask(messages.Disconnect{})
		h.after(0)
		h.expect(`
			0s Closing UserDisconnect
			0s Closed UserDisconnect
			0s a Detached UserDisconnect`)
		reply := h.ask(messages.Join{Room: named("a")}).(messages.Reply)
		if !errors.Is(reply.Err, messages.ReasonConnTerminal) || !errors.Is(reply.Err, messages.ReasonNotConnected) {
			t.Errorf("a join says %v", reply.Err)
		}
	})
}

func TestDrainLeavesTheRooms(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.up(named("a"), named("b"))
		h.post(messages.Text("last").In("a"))
		h.ask(messages.Drain{})
		h.after(0)
		h.expect(`
			0s Draining Drain
			0s a Leaving Drain
			0s b Leaving Drain
			0s a Detached Drain
			0s b Detached Drain
			0s Closing Drain
			0s Closed Drain
			0s peer got "SAY a last"
			0s peer got "LEAVE a 3"
			0s peer got "LEAVE b 4"
			0s #1 Written`)
	})
}

func TestRoomsSurviveACrashOfTheirActorAndOfTheChannel(t *testing.T) {
	for name, crash := range map[string]func(h *hotel){
		"the rooms actor": func(h *hotel) { h.system.Root.Send(h.record.rooms.Load(), &roomToken{}) }, // no room: a nil pointer
		"the channel":     func(h *hotel) { h.inspect(func(*channel) { panic("a bug") }) },
	} {
		t.Run(name, func(t *testing.T) {
			story(t, nil, func(h *hotel) {
				h.lobby.silent["JOIN b"] = true
				h.up(named("a"), named("b"))
				crash(h)
				h.after(time.Second)
				h.lobby.set(func(l *lobby) { clear(l.silent) })
				h.after(20 * time.Second)
				if got := strings.Join(h.lobby.members(), " "); got != "a b" || h.statusOf("a") != messages.RoomJoined || h.statusOf("b") != messages.RoomJoined {
					t.Errorf("the server has us in %q; a is %s, b is %s", got, h.statusOf("a"), h.statusOf("b"))
				}
				if h.record.Snapshot().Panics == 0 {
					t.Error("nothing crashed")
				}
			})
		})
	}
}

func TestBadJoinsAreRefused(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.up(named("a"))
		other := named("a")
		other.Policy.Rejoin = messages.StayOut
		for name, c := range map[string]struct {
			spec messages.RoomSpec
			want messages.Code
		}{
			"no ID":           {messages.RoomSpec{}, messages.ReasonInvalidSpec},
			"too long an ID":  {named(strings.Repeat("x", 33)), messages.ReasonInvalidSpec},
			"another policy":  {other, messages.ReasonConflict},
			"no gap function": {messages.RoomSpec{ID: "b", Policy: messages.RoomPolicy{OnGap: messages.CallOnGap}}, messages.ReasonInvalidSpec},
			"no such policy":  {messages.RoomSpec{ID: "b", Policy: messages.RoomPolicy{OnGap: 9}}, messages.ReasonInvalidSpec},
		} {
			if err := h.ask(messages.Join{Room: c.spec}).(messages.Reply).Err; !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		h.expect("")
	})
}

func TestProtocolWithoutRoomsRefusesThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		if err := s.ask(messages.Join{Room: named("a")}).(messages.Reply).Err; !errors.Is(err, messages.ReasonNotSupported) {
			t.Error(err)
		}
		s.end()
	})
}

func TestLeaveThatIsOwedIsToldUntilItIsAnswered(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.up(named("a"))
		h.peer.last().fail(lost())
		h.after(0)
		h.ask(messages.Leave{Room: "a"})
		h.lobby.set(func(l *lobby) { l.silent["LEAVE"] = true }) // it is lost on its way
		h.after(3 * time.Second)
		h.peer.last().fail(lost())
		h.after(time.Minute)
		h.lobby.set(func(l *lobby) { clear(l.silent) })
		h.peer.last().fail(lost())
		h.after(time.Minute)
		h.peer.last().fail(lost())
		h.after(time.Minute)
		if got := h.lobby.questions(); got != "LEAVE a, LEAVE a, LEAVE a" {
			t.Errorf("it asked %s", got)
		}
		if got := h.lobby.members(); len(got) != 0 {
			t.Errorf("the server has us in %s", got)
		}
	})
}

func TestLeaveThatIsNeverAnsweredIsNotToldForEver(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.lobby.silent["LEAVE"] = true
		h.up(named("a"))
		h.ask(messages.Leave{Room: "a"})
		for range 2 * debtTells {
			h.after(time.Minute)
			h.peer.last().fail(lost())
		}
		h.after(time.Minute)
		if got := strings.Count(h.lobby.questions(), "LEAVE a"); got != 1+debtTells {
			t.Errorf("it was told %d times", got)
		}
		if n := len(h.record.roster.debts); n != 0 {
			t.Errorf("%d leaves are owed still", n)
		}
	})
}

func TestRoomThatAcceptsNoGapIsLeftAlthoughTheConnectionIsLost(t *testing.T) {
	story(t, nil, func(h *hotel) {
		spec := named("a")
		spec.Policy.OnGap = messages.FailOnGap
		h.up(spec)
		h.peer.last().fail(lost())
		h.after(0)
		h.lobby.set(func(l *lobby) { l.silent["LEAVE"] = true; l.epoch = "e2" })
		h.after(3 * time.Second)
		h.lobby.set(func(l *lobby) { clear(l.silent) })
		h.peer.last().fail(lost())
		h.after(time.Minute)
		if got := h.lobby.questions(); got != "VERIFY a, LEAVE a, LEAVE a" {
			t.Errorf("it asked %s", got)
		}
		if got := h.lobby.members(); len(got) != 0 || h.statusOf("a") != messages.RoomFailed {
			t.Errorf("it is %s, the server has us in %s", h.statusOf("a"), got)
		}
	})
}

func TestLeaveThatIsOwedDoesNotEndTheNextLife(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.up(named("a"))
		h.lobby.set(func(l *lobby) { l.silent["LEAVE"] = true })
		h.ask(messages.Leave{Room: "a"})
		h.after(time.Minute)
		h.lobby.set(func(l *lobby) { clear(l.silent) })
		h.join(named("a"))
		h.after(0)
		h.peer.last().fail(lost())
		h.after(time.Minute)
		if got := h.lobby.questions(); got != "LEAVE a, LEAVE a, JOIN a, VERIFY a" {
			t.Errorf("it asked %s", got)
		}
	})
}

func TestRoomThatIsJoinedAgainWhileItIsLeftBeginsWithWhatComes(t *testing.T) {
	story(t, nil, func(h *hotel) {
		spec := named("a")
		spec.Policy.OnGap = messages.FailOnGap
		h.up(spec)
		h.lobby.publish("a", "one")
		h.after(0)
		h.skip()
		h.lobby.set(func(l *lobby) { l.silent["LEAVE"] = true; l.epoch = "e2" })
		h.ask(messages.Leave{Room: "a"})
		h.join(spec)
		h.peer.last().send("LEFT a 2")
		h.after(0)
		h.expect(`
			0s a Leaving UserLeave
			0s a Joining UserLeave
			0s a Joined Joined
			0s peer got "LEAVE a 2"
			0s peer got "JOIN a 3 join /0"`)
	})
}

func TestWhatComesBeforeALeaveIsAnsweredIsNotOfTheNextJoin(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.lobby.silent["JOIN"], h.lobby.silent["LEAVE"] = true, true
		h.connect()
		h.join(named("a"))
		h.after(13 * time.Second) // no answer, so it is undone and asked again
		h.skip()
		s := h.peer.last()
		s.send("PUB a 52 old") // the first join had landed
		s.send("LEFT a 2")
		s.send("PUB a 1 new")
		s.send("IN a 3 e2/0 false")
		s.send("PUB a 2 newer")
		h.after(0)
		h.expect(`
			13s a Joined Joined
			13s heard a: new
			13s heard a: newer`)
	})
}

func TestGapReachesToTheLastThatCouldNotBeHeldBack(t *testing.T) {
	story(t, nil, func(h *hotel) {
		spec := named("a")
		spec.Policy.OnGap = messages.CallOnGap
		spec.Gap = func(g messages.Gap) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.line("heard gap %v %v", g.After, g.Before)
		}
		h.lobby.silent["JOIN"] = true
		h.connect()
		h.join(spec)
		h.skip()
		s := h.peer.last()
		for i := range heldMessages + 2 {
			s.send(fmt.Sprintf("PUB a %d x", 8+i))
		}
		s.send("IN a 1 e1/7 false")
		s.send(fmt.Sprintf("PUB a %d next", 8+heldMessages+2))
		h.after(0)
		h.expect(`
			0s a Joined RejoinedWithGap gap
			0s heard gap { 0} {e1 1033}
			0s heard a: next`)
	})
}

// The connection is busy while the rooms ask it something and the outbox hands it a
// message. It has the question before it hears of the message; and the question, which
// must not overtake it, does not wait any longer than that, though nothing is heard.
func TestAQuestionWaitsForWhatWasHandedOverAndNoLonger(t *testing.T) {
	story(t, nil, func(h *hotel) {
		var conn *connection
		h.lobby.opened = func(c *connection) { conn = c }
		h.lobby.given = func(any) { // on the connection's goroutine
			h.peer.last().freeze()
			h.tell(messages.Join{Room: named("b")})
			time.Sleep(time.Second)
			if _, err := h.record.Send(messages.Text("hello")); err != nil {
				t.Error(err)
			}
		}
		h.up(named("a"))
		h.peer.last().send("TAKE it")
		h.after(time.Second)
		if n := len(conn.questions); n != 0 {
			t.Errorf("%d questions wait", n)
		}
	})
}
