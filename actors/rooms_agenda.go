package actors

import (
	"container/heap"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed14814784/holdfast/actors/membership"
	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// enquiry is what the connection is asked about a room.
type enquiry struct {
	ask     membership.Ask
	request transport.JoinRequest
}

// leaving is the request of a leave.
func leaving(id messages.RoomID, number uint64) transport.JoinRequest {
	return transport.JoinRequest{Ticket: transport.Ticket{Room: id, Number: number}}
}

// agenda is the order in which the server is asked: verifies before joins, each
// by priority, then in the order in which the rooms came. At most window
// questions are unanswered at once, and they leave at rate per second after a
// burst of window: in every span of time t, at most window + rate·t.
type agenda struct {
	queue  []*room
	window int
	rate   float64
	flight int        // questions that have left and have no answer
	pace   *time.Time // of the roster: a restart must not ask all at once again
	again  time.Time  // when there may be more; zero: not for want of time
}

// admits reports whether a question may leave now, and takes note of it.
func (g *agenda) admits(now time.Time) bool {
	g.again = time.Time{}
	if g.flight >= g.window {
		return false
	}
	step := span(1 / g.rate)
	free := *g.pace
	if free.Before(now) {
		free = now
	}
	if opens := free.Add(-span(float64(g.window-1) / g.rate)); opens.After(now) {
		g.again = opens
		return false
	}
	*g.pace = free.Add(step)
	return true
}

// span is a time in seconds, or a century if that is shorter: no rate and no window
// can make it overflow.
func span(seconds float64) time.Duration {
	const century = 100 * 365 * 24 * time.Hour
	return time.Duration(min(seconds*float64(time.Second), float64(century)))
}

// inquire puts a room's question on the agenda. Leaves are not paced: they make
// room.
func (a *rooms) inquire(r *room, ask membership.Ask) {
	a.roster.tick++
	r.number, r.ask, r.sent = a.roster.tick, ask, false
	switch ask {
	case membership.AskNothing:
	case membership.AskLeave:
		a.batch = append(a.batch, enquiry{ask, leaving(r.id, r.number)})
		a.at(r, time.Now().Add(a.Settings.Rooms.Leave))
	default:
		heap.Push(&a.agenda, r)
	}
}

// drop makes a room's question void, wherever it is.
func (a *rooms) drop(r *room) {
	if r.queued > 0 {
		heap.Remove(&a.agenda, r.queued-1)
	}
	if r.asked {
		r.asked = false
		a.agenda.flight--
	}
	r.ask = membership.AskNothing
}

// pump lets as many questions leave as may.
func (a *rooms) pump(ctx actor.Context) {
	a.agenda.again = time.Time{}
	for now := time.Now(); len(a.agenda.queue) > 0 && a.roster.line != nil && a.agenda.admits(now); {
		r := heap.Pop(&a.agenda).(*room)
		r.asked = true
		a.agenda.flight++
		within := a.Settings.Rooms.Join
		if r.ask == membership.AskVerify {
			within = a.Settings.Rooms.Verify
		}
		a.at(r, now.Add(within))
		if r.lane.spec.Token != nil {
			a.fetchToken(ctx.Self(), r, r.number)
			continue
		}
		a.put(r, messages.Token{})
	}
}

// put hands a room's question to the connection.
func (a *rooms) put(r *room, token messages.Token) {
	if r.leave {
		r.leave = false
		a.batch = append(a.batch, enquiry{membership.AskLeave, leaving(r.id, r.number)})
		a.roster.tick++
		r.number = a.roster.tick
	}
	r.from, r.sent = r.begin(r.number), true
	request := transport.JoinRequest{
		Ticket:   transport.Ticket{Room: r.id, Number: r.number},
		How:      r.lane.spec.How,
		Rejoin:   r.state.Member,
		Position: r.from,
		Token:    token,
	}
	switch {
	case r.create && request.How != messages.HowCreate:
		request.How = messages.HowEnter
	case r.state.Member && !r.create:
		request.How = messages.HowJoin
	}
	a.batch = append(a.batch, enquiry{r.ask, request})
}

// flush sends the questions of this message to the connection.
func (a *rooms) flush(ctx actor.Context) {
	if len(a.batch) > 0 && a.roster.line != nil {
		a.roster.line.tell(&roomsAsk{questions: a.batch})
	}
	for _, renewal := range a.renewals {
		if a.roster.line != nil {
			a.roster.line.tell(&renewal)
		}
	}
	a.batch, a.renewals = nil, nil
	if a.roster.leaving && !a.anyIn() {
		a.roster.leaving = false
		ctx.Send(a.channel, &roomsLeft{})
	}
}

// anyIn reports whether the server may still count us in a room.
func (a *rooms) anyIn() bool {
	for _, r := range a.roster.rooms {
		if r.state.Ghost || r.state.Status == messages.RoomLeaving {
			return true
		}
	}
	return false
}

func (g *agenda) Len() int { return len(g.queue) }

func (g *agenda) Less(i, j int) bool {
	x, y := g.queue[i], g.queue[j]
	switch {
	case x.ask != y.ask:
		return x.ask == membership.AskVerify
	case x.lane.spec.Priority != y.lane.spec.Priority:
		return x.lane.spec.Priority > y.lane.spec.Priority
	}
	return x.order < y.order
}

func (g *agenda) Swap(i, j int) {
	g.queue[i], g.queue[j] = g.queue[j], g.queue[i]
	g.queue[i].queued, g.queue[j].queued = i+1, j+1
}

// Push implements heap.Interface.
func (g *agenda) Push(r any) {
	g.queue = append(g.queue, r.(*room))
	r.(*room).queued = len(g.queue)
}

// Pop implements heap.Interface.
func (g *agenda) Pop() any {
	last := len(g.queue) - 1
	r := g.queue[last]
	g.queue[last] = nil
	g.queue, r.queued = g.queue[:last], 0
	return r
}
