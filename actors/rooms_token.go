package actors

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed14814784/holdfast/actors/membership"
	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// A room's token comes from a callback that may block, so it runs in a goroutine
// and its answer carries the number of the question that waits for it. While one
// has not returned no other is started for the room: a callback that hangs would
// collect goroutines for as long as the room is wanted.

// fetchToken asks a room's callback. number is the question that waits for it, 0
// if it is a renewal.
func (a *rooms) fetchToken(self *actor.PID, r *room, number uint64) {
	root, within := a.system.Root, a.Settings.Rooms.Join
	answer := &roomToken{room: r, number: number}
	if !r.fetching.CompareAndSwap(false, true) {
		answer.err = roomTokenError("the token callback of an earlier attempt has not returned yet; let it watch its context")
		root.Send(self, answer)
		return
	}
	fetch := r.lane.spec.Token
	request := messages.RoomTokenRequest{Channel: a.Channel, Room: r.id, Refresh: r.refresh || number == 0}
	report := a.Record.report
	a.Workers.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), within)
		defer cancel()
		answer.err = roomTokenError("the token callback ended its goroutine")
		defer func() {
			if v := recover(); v != nil {
				answer.token, answer.err = messages.Token{}, roomTokenError(fmt.Sprintf("the token callback panicked: %v", v))
				report("a room's token callback panicked: "+fmt.Sprint(v), debug.Stack())
			}
			r.fetching.Store(false) // here: the actor that asked may be gone
			root.Send(self, answer)
		}()
		answer.token, answer.err = fetch(ctx, request)
	})
}

func roomTokenError(what string) error {
	return &messages.Error{Op: "room token", Reason: messages.Because(messages.ReasonCredCallbackError, "%s", what)}
}

// tokenFetched goes on with the question that waited for the token.
func (a *rooms) tokenFetched(m *roomToken) {
	r := m.room
	if a.roster.rooms[r.id] != r {
		return
	}
	if !m.token.IsZero() {
		r.secret = m.token.Secret
	}
	err := m.err
	if err == nil && (m.token.Secret == messages.Secret{} || m.token.Expired(time.Now())) {
		err = roomTokenError("the token callback returned an empty token, or one that has expired")
	}
	switch {
	case m.number == 0 && err == nil && r.state.Status == messages.RoomJoined:
		a.renewals = append(a.renewals, roomRenew{ticket: transport.Ticket{Room: r.id, Number: r.number}, token: m.token})
	case m.number == 0 && r.state.Status == messages.RoomJoined:
		a.renewAgain(r)
	case m.number == 0 || m.number != r.number || !r.asked:
		// Nobody waits for it any more.
	case err != nil:
		a.apply(r, membership.Event{Kind: failedQuestion(r), Reason: transport.ReasonOf(err, messages.ReasonCredCallbackError)})
	default:
		a.put(r, m.token)
	}
}

// renewAgain tries once more when half of the time is over that the token has left,
// as for a login, until the server ends the room: then it is joined again.
func (a *rooms) renewAgain(r *room) {
	const (
		soonest = time.Second
		overdue = 30 * time.Second // the server has not ended the room yet
	)
	wait := overdue
	if left := time.Until(r.expires); left > 0 {
		wait = max(time.Duration(float64(left)*(0.4+0.2*a.Random())), soonest)
	}
	r.renewAt = time.Now().Add(wait)
	a.alarms.fix(r)
}

// failedQuestion is what it means that a question could not be asked. It refutes
// nothing that may have been true before.
func failedQuestion(r *room) membership.Kind {
	switch {
	case r.ask == membership.AskVerify:
		return membership.VerifyDue
	case r.haunted:
		return membership.JoinDue
	}
	return membership.JoinRetry
}

// renewToken fetches a fresh token for a room that is joined.
func (a *rooms) renewToken(ctx actor.Context, r *room) {
	if r.state.Status == messages.RoomJoined && r.lane.spec.Token != nil {
		a.fetchToken(ctx.Self(), r, 0)
	}
}
