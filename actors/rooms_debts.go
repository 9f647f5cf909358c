package actors

import (
	"cmp"
	"maps"
	"slices"

	"github.com/seed14814784/holdfast/actors/membership"
	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// A leave that the server may not have heard is a debt. It is told at the next
// contact, before anything else, and again at the one after that if the
// connection was lost before the answer: bytes on a dying connection prove
// nothing. A join of the same room settles it.

// debtTells is at how many contacts a leave is told. A server that never answers
// one would hear of it for ever.
const debtTells = 8

// debt is a leave that has no answer.
type debt struct {
	order  uint64
	number uint64 // of the question at the last contact; 0: it came to be owed since
	tells  int
}

// owe remembers a leave that the server has to be told at the next contact. A
// server that answers none is owed no more of them than there may be rooms.
func (a *rooms) owe(id messages.RoomID) *debt {
	d := a.roster.debts[id]
	if d == nil {
		if a.roster.debts == nil {
			a.roster.debts = map[messages.RoomID]*debt{}
		}
		if len(a.roster.debts) >= a.Settings.Rooms.Rooms {
			delete(a.roster.debts, a.owed()[0])
		}
		a.roster.owed++
		d = &debt{order: a.roster.owed}
		a.roster.debts[id] = d
	}
	return d
}

// payDebts tells the server the leaves that it may not have heard.
func (a *rooms) payDebts() {
	for _, id := range a.owed() {
		a.pay(id)
	}
}

// owed are the rooms whose leave is owed, in the order in which it came to be.
func (a *rooms) owed() []messages.RoomID {
	return slices.SortedFunc(maps.Keys(a.roster.debts), func(x, y messages.RoomID) int {
		return cmp.Compare(a.roster.debts[x].order, a.roster.debts[y].order)
	})
}

// pay tells the server one leave.
func (a *rooms) pay(id messages.RoomID) {
	d := a.owe(id)
	if d.tells++; d.tells > debtTells {
		delete(a.roster.debts, id)
		return
	}
	a.roster.tick++
	d.number = a.roster.tick
	a.batch = append(a.batch, enquiry{membership.AskLeave, leaving(id, d.number)})
}

// paid reports whether news answers a leave that was owed. Whatever is said, we
// are out; unless the server lets us in, or wants to be asked later.
func (a *rooms) paid(t transport.Ticket, kind transport.RoomKind) bool {
	d := a.roster.debts[t.Room]
	if d == nil || d.number == 0 || d.number != t.Number {
		return false
	}
	if kind != transport.RoomJoined && kind != transport.RoomRetry {
		delete(a.roster.debts, t.Room)
	}
	return true
}

// paysOff reports whether a leave has to go before a question about the room's
// new life. It settles the debt of an earlier one, which would end the new life if
// it were told later.
func (a *rooms) paysOff(id messages.RoomID, ask membership.Ask) bool {
	d := a.roster.debts[id]
	if d == nil {
		return false
	}
	delete(a.roster.debts, id)
	return ask == membership.AskJoin && d.number == 0
}
