package actors

import (
	"github.com/seed14814784/holdfast/actors/membership"
	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// To the rooms actor, from its channel.
type (
	// roomCommand is what a user asked for.
	roomCommand struct {
		quiet
		command any
		answer  func(any)
	}

	// connChanged tells how the connection under the rooms stands.
	connChanged struct {
		quiet
		kind   membership.Kind // one of the Conn kinds
		reason messages.Reason
		line   *connection // of ConnReady
	}
)

// To the rooms actor, from elsewhere.
type (
	// roomNews is what the connection heard about a room.
	roomNews struct {
		quiet
		from   *connection
		ticket transport.Ticket
		news   transport.RoomNews // without its history, which is in the lane
	}

	// roomToken is what a room's token callback answered.
	roomToken struct {
		quiet
		room   *room
		number uint64 // of the question that it is for; 0: a renewal
		token  messages.Token
		err    error
	}

	roomTick struct{ quiet } // a deadline may have passed
)

// From the rooms actor.
type (
	// roomsAsk are questions for the connection.
	roomsAsk struct {
		quiet
		questions []enquiry
	}

	// roomRenew is a fresh token for a room that is joined.
	roomRenew struct {
		quiet
		ticket transport.Ticket
		token  messages.Token
	}

	// roomsLeft tells the channel, which drains, that no room is joined.
	roomsLeft struct{ quiet }
)
