package membership

import (
	"github.com/seed14814784/holdfast/actors/table"
	"github.com/seed14814784/holdfast/messages"
)

type (
	// Row is one line of the table of a room's life.
	Row = table.Row[messages.RoomStatus, Kind, move]
	// Guard is a condition of a row.
	Guard = table.Guard[move]
	// Statuses is a set of statuses.
	Statuses = table.Set[messages.RoomStatus]

	rules = table.Rules[messages.RoomStatus, Kind, move]
)

var (
	line = table.Line[messages.RoomStatus, Kind, move]
	when = table.If[move]
)

// always is the guard of rows that have none.
var always Guard

// The sets that many rows speak of.
var (
	ended   = of(messages.RoomLost, messages.RoomGone, messages.RoomKicked, messages.RoomFailed)
	out     = ended | of(messages.RoomDetached)
	asking  = of(messages.RoomJoining, messages.RoomRejoining)
	offline = of(messages.RoomInterrupted, messages.RoomSuspended)
	active  = asking | of(messages.RoomJoined, messages.RoomVerifying, messages.RoomWaiting)
)

func of(statuses ...messages.RoomStatus) Statuses { return table.Of(statuses...) }

// house is the table that every room lives by.
var house = table.New(wishes, answers, news, waits, connections)

// Table gives a copy of the table, in the order of the rows' numbers.
func Table() []Row { return house.Rows() }
