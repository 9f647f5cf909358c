package interop

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/centrifugal/centrifuge"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport/centrifugo"
)

// member opens a channel to an engine.
func member(s *stage, e *engine, user string) *line {
	s.t.Helper()
	return s.open(supervisor.Spec{
		ID: messages.ChannelID(user), Address: e.address(), Protocol: centrifugo.New(centrifugo.Options{}),
		Credentials: supervisor.StaticToken(user, user),
	})
}

func (l *line) enter(spec supervisor.RoomSpec) *supervisor.Room {
	l.t.Helper()
	room, err := l.Join(l.ctx, spec)
	if err != nil {
		l.t.Fatal(err)
	}
	if _, err := room.Wait(l.ctx); err != nil {
		l.t.Fatalf("%s: %v", room, err)
	}
	return room
}

func room(id string) supervisor.RoomSpec { return supervisor.RoomSpec{ID: messages.RoomID(id)} }

func (l *line) expectSaid(room, said string) messages.Received {
	l.t.Helper()
	m := l.receive()
	if string(m.Room) != room || string(m.Data) != said {
		l.t.Errorf("%s: heard %q in %q, want %q in %q", l, m.Data, m.Room, said, room)
	}
	return m
}

func TestRoomsOfACentrifugoEngineAreJoinedLeftAndSpokenIn(t *testing.T) {
	t.Parallel()
	e := newEngine(t, rules{history: 10})
	s := newStage(t)
	ann, bob := member(s, e, "ann"), member(s, e, "bob")
	tea := ann.enter(room("tea"))
	bob.enter(room("tea"))
	receipt, err := tea.Send(ann.ctx, messages.Text(`"hello"`))
	if err != nil {
		t.Fatal(err)
	}
	if o, err := receipt.Wait(ann.ctx); err != nil || o.Result != messages.ResultDelivered || o.Room != "tea" {
		t.Errorf("it ended as %+v (%v)", o, err)
	}
	ann.expectSaid("tea", `"hello"`)
	if m := bob.expectSaid("tea", `"hello"`); m.Position.Offset != 1 || m.Position.Epoch == "" {
		t.Errorf("its position is %v", m.Position)
	}
	if err := tea.Leave(ann.ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := tea.Wait(ann.ctx, messages.RoomDetached); err != nil {
		t.Fatal(err)
	}
	if _, err := tea.Send(ann.ctx, messages.Text(`1`)); !errors.Is(err, messages.ReasonNotInRoom) {
		t.Errorf("a send into a room that was left says %v", err)
	}
}

func TestAnRPCIsDeliveredWithItsMethodAndARefusedPublicationIsRejected(t *testing.T) {
	t.Parallel()
	e := newEngine(t, rules{refuse: map[string]*centrifuge.Error{"publish tea": centrifuge.ErrorPermissionDenied}})
	ann := member(newStage(t), e, "ann")
	ann.until(messages.Ready)
	ann.send(messages.Text(`{"x":1}`).Typed("sum"))
	m := ann.receive()
	var answer struct{ Method string }
	if err := json.Unmarshal(m.Data, &answer); err != nil || m.Type != "sum" || answer.Method != "sum" {
		t.Errorf("the answer is %q of type %q (%v)", m.Data, m.Type, err)
	}
	tea := ann.enter(room("tea"))
	receipt, err := tea.Send(ann.ctx, messages.Text(`1`))
	if err != nil {
		t.Fatal(err)
	}
	if o, _ := receipt.Wait(ann.ctx); o.Result != messages.ResultRejected || o.Reason.Wire.Code != 103 {
		t.Errorf("it ended as %s because of %s", o.Result, o.Reason)
	}
}

func TestARoomGoesOnWhereItStoppedWhenTheListenerComesBack(t *testing.T) {
	t.Parallel()
	e := newEngine(t, rules{history: 100})
	ann := member(newStage(t), e, "ann")
	ann.enter(room("tea"))
	e.publish("tea", "1")
	ann.expectSaid("tea", "1")
	e.stop()
	ann.until(messages.Backoff)
	e.publish("tea", "2")
	e.publish("tea", "3")
	e.start()
	ann.until(messages.Ready)
	ann.expectSaid("tea", "2")
	if m := ann.expectSaid("tea", "3"); !m.Recovered {
		t.Error("it is not marked as recovered")
	}
	e.publish("tea", "4")
	ann.expectSaid("tea", "4")
}

func TestDisconnectCodesOfTheEngineMeanWhatItsSpecificationSays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		by     centrifuge.Disconnect
		status messages.Status
		code   messages.Code
	}{
		"force reconnect":      {centrifuge.DisconnectForceReconnect, messages.Backoff, messages.ReasonReconnectNow},
		"a custom retry":       {centrifuge.Disconnect{Code: 4100, Reason: "again"}, messages.Backoff, messages.ReasonPeerClose},
		"a kick":               {centrifuge.DisconnectForceNoReconnect, messages.Kicked, messages.ReasonKickedByAdmin},
		"a custom final":       {centrifuge.Disconnect{Code: 4600, Reason: "never"}, messages.Failed, messages.ReasonNotAllowed},
		"insufficient state":   {centrifuge.DisconnectInsufficientState, messages.Backoff, messages.ReasonServerError},
		"the connection limit": {centrifuge.DisconnectConnectionLimit, messages.Failed, messages.ReasonNotAllowed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t, rules{})
			ann := member(newStage(t), e, "ann")
			ann.until(messages.Ready)
			if err := e.now().Disconnect("ann", centrifuge.WithCustomDisconnect(c.by)); err != nil {
				t.Fatal(err)
			}
			if got := ann.until(c.status); got.Reason.Code != c.code || got.Reason.Wire.Code != int(c.by.Code) || got.Reason.Wire.Scheme != "centrifugo" {
				t.Errorf("it ended with %s", got.Reason)
			}
		})
	}
}

func TestAHistoryThatIsLostIsAGapAndAFreshNodeIsOneToo(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(e *engine){
		"trimmed": func(e *engine) {
			e.set(func(r *rules) { r.history = 2 })
			for _, said := range []string{"2", "3", "4", "5"} {
				e.publish("tea", said)
			}
		},
		"removed":    func(e *engine) { e.publish("tea", "2"); _ = e.now().RemoveHistory("tea") },
		"a new node": func(e *engine) { e.replace() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t, rules{history: 100})
			s := newStage(t)
			gaps := newQueue[messages.Gap]()
			ann := member(s, e, "ann")
			spec := room("tea")
			spec.Policy.OnGap, spec.Gap = messages.CallOnGap, func(g messages.Gap) { gaps.put(g) }
			tea := ann.enter(spec)
			e.publish("tea", "1")
			ann.expectSaid("tea", "1")
			e.stop()
			ann.until(messages.Backoff)
			lose(e)
			e.start()
			ann.until(messages.Ready)
			gap, err := gaps.take(ann.ctx)
			if err != nil || gap.After.Offset != 1 || gap.Room != "tea" {
				t.Errorf("the gap is %+v (%v)", gap, err)
			}
			if _, err := tea.Wait(ann.ctx); err != nil {
				t.Fatal(err)
			}
			e.publish("tea", `"live"`)
			for m := ann.receive(); string(m.Data) != `"live"`; m = ann.receive() { // what the history still had
				if m.Position.Offset <= 1 && m.Position.Epoch == gap.After.Epoch {
					t.Errorf("%q came twice", m.Data)
				}
			}
		})
	}
}

func TestARoomThatDoesNotExistIsGoneAndOneThatIsForbiddenFails(t *testing.T) {
	t.Parallel()
	e := newEngine(t, rules{
		missing: map[string]bool{"nowhere": true},
		refuse:  map[string]*centrifuge.Error{"secret": centrifuge.ErrorPermissionDenied},
	})
	ann := member(newStage(t), e, "ann")
	ann.until(messages.Ready)
	for id, want := range map[string]struct {
		status messages.RoomStatus
		code   messages.Code
	}{
		"nowhere": {messages.RoomGone, messages.ReasonRoomNotExist},
		"secret":  {messages.RoomFailed, messages.ReasonJoinRejected},
	} {
		r, err := ann.Join(ann.ctx, room(id))
		if err != nil {
			t.Fatal(err)
		}
		if s, err := r.Wait(ann.ctx, want.status); err != nil || s.Reason.Code != want.code {
			t.Errorf("%s is %s because of %s (%v)", id, s.Status, s.Reason, err)
		}
	}
	ann.enter(room("tea")) // and the others do not notice
}

func TestTheServerTakesUsOutOfARoomForGoodOrForAWhile(t *testing.T) {
	t.Parallel()
	e := newEngine(t, rules{history: 10})
	ann := member(newStage(t), e, "ann")
	tea, cake := ann.enter(room("tea")), ann.enter(room("cake"))
	e.publish("tea", "1")
	ann.expectSaid("tea", "1")
	if err := e.now().Unsubscribe("ann", "cake"); err != nil {
		t.Fatal(err)
	}
	if _, err := cake.Wait(ann.ctx, messages.RoomKicked); err != nil {
		t.Error(err)
	}
	if err := e.now().Unsubscribe("ann", "tea", centrifuge.WithCustomUnsubscribe(centrifuge.Unsubscribe{Code: 2500, Reason: "insufficient state"})); err != nil {
		t.Fatal(err)
	}
	if _, err := tea.Wait(ann.ctx, messages.RoomWaiting, messages.RoomRejoining); err != nil {
		t.Error(err)
	}
	if _, err := tea.Wait(ann.ctx); err != nil {
		t.Error(err)
	}
	e.publish("tea", "2")
	ann.expectSaid("tea", "2")
}

func TestATokenIsRenewedOnTheLiveConnection(t *testing.T) {
	t.Parallel()
	e := newEngine(t, rules{})
	s := newStage(t)
	fetched := newQueue[time.Time]()
	ann := s.open(supervisor.Spec{
		ID: "ann", Address: e.address(), Protocol: centrifugo.New(centrifugo.Options{}),
		Credentials: &supervisor.Credentials{Fetch: func(context.Context, supervisor.TokenRequest) (messages.Token, error) {
			fetched.put(time.Now())
			return messages.Token{Secret: messages.NewSecret(tokenFor("ann", 2*time.Second))}, nil
		}},
	})
	ann.until(messages.Ready)
	for range 4 {
		if _, err := fetched.take(ann.ctx); err != nil {
			t.Fatal(err)
		}
	}
	if n := e.logins("ann"); n != 1 {
		t.Errorf("it logged in %d times", n)
	}
	if st := ann.Snapshot(); st.Status != messages.Ready || st.Attempts != 1 {
		t.Errorf("it is %s after %d attempts", st.Status, st.Attempts)
	}
}

func TestARoomsOwnTokenIsFetchedAnewWhenItHasExpiredAndRenewedInPlace(t *testing.T) {
	t.Parallel()
	e := newEngine(t, rules{})
	ann := member(newStage(t), e, "ann")
	fetched := newQueue[bool]()
	lives := -time.Second // the first one
	spec := room("club")
	spec.Token = func(_ context.Context, request messages.RoomTokenRequest) (messages.Token, error) {
		token := messages.NewToken(tokenFor("club", lives))
		lives = 2 * time.Second
		fetched.put(request.Refresh)
		return token, nil
	}
	club := ann.enter(spec)
	for i := range 5 {
		if refresh, err := fetched.take(ann.ctx); err != nil || refresh != (i > 0) {
			t.Fatalf("token %d: refresh %v (%v)", i, refresh, err)
		}
	}
	if n := e.subscribes("club"); n != 2 || club.Snapshot().Status != messages.RoomJoined {
		t.Errorf("it was asked for %d times, and is %s", n, club.Snapshot().Status)
	}
	e.publish("club", "1")
	ann.expectSaid("club", "1")
}

func TestServerSideSubscriptionsGoOnWhereTheyStopped(t *testing.T) {
	t.Parallel()
	e := newEngine(t, rules{history: 10, serverOf: func(user string) []string { return []string{"news:" + user} }})
	ann := member(newStage(t), e, "ann")
	ann.until(messages.Ready)
	e.publish("news:ann", "1")
	ann.expectSaid("news:ann", "1")
	e.stop()
	ann.until(messages.Backoff)
	e.publish("news:ann", "2")
	e.start()
	if up := ann.until(messages.Ready); !up.Resumed || up.Gap {
		t.Errorf("resumed %v, gap %v", up.Resumed, up.Gap)
	}
	ann.expectSaid("news:ann", "2")
	e.publish("news:ann", "3")
	ann.expectSaid("news:ann", "3")
}
