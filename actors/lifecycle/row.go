package lifecycle

import (
	"github.com/seed14814784/holdfast/actors/table"
	"github.com/seed14814784/holdfast/messages"
)

type (
	// Row is one line of the table of a channel's life.
	Row = table.Row[messages.Status, Kind, move]
	// Guard is a condition of a row.
	Guard = table.Guard[move]
	// Statuses is a set of statuses.
	Statuses = table.Set[messages.Status]

	rules = table.Rules[messages.Status, Kind, move]
)

var (
	line = table.Line[messages.Status, Kind, move]
	when = table.If[move]
)

// always is the guard of rows that have none.
var always Guard

// The sets that many rows speak of.
var (
	everyStatus = of(messages.Statuses()...)
	ended       = of(messages.Closed, messages.Kicked, messages.Failed)
	wanted      = of(messages.Queued, messages.Preparing, messages.Dialing, messages.Authenticating,
		messages.Syncing, messages.Ready, messages.Backoff, messages.Suspended, messages.Held)
	unwanted = everyStatus &^ wanted
	live     = of(messages.Authenticating, messages.Syncing, messages.Ready, messages.Draining)
	waiting  = of(messages.Backoff, messages.Suspended)
)

func of(statuses ...messages.Status) Statuses { return table.Of(statuses...) }

// house is the table that every channel lives by.
var house = table.New(commands, hints, attempts, lives, waits)

// Table gives a copy of the table, in the order of the rows' numbers.
func Table() []Row { return house.Rows() }
