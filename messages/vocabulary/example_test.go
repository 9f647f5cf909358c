package vocabulary_test

import (
	"fmt"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/messages/vocabulary"
)

// evening is a login, a lost connection, and a login elsewhere.
var evening = []messages.StatusChanged{
	{Prev: messages.Idle, Cur: messages.Queued},
	{Prev: messages.Queued, Cur: messages.Preparing},
	{Prev: messages.Preparing, Cur: messages.Dialing},
	{Prev: messages.Dialing, Cur: messages.Authenticating},
	{Prev: messages.Authenticating, Cur: messages.Syncing, Node: "1001"},
	{Prev: messages.Syncing, Cur: messages.Ready},
	{Prev: messages.Ready, Cur: messages.Backoff, Reason: messages.Reason{Code: messages.ReasonReadEOF}},
	{Prev: messages.Backoff, Cur: messages.Queued},
	{Prev: messages.Queued, Cur: messages.Preparing},
	{Prev: messages.Preparing, Cur: messages.Dialing},
	{Prev: messages.Dialing, Cur: messages.Authenticating},
	{Prev: messages.Authenticating, Cur: messages.Kicked, Reason: messages.Reason{Code: messages.ReasonKickedOtherDevice}},
}

func tell[W vocabulary.Word](t *vocabulary.Translator[W]) {
	for _, change := range evening {
		for _, word := range t.Translate(change) {
			fmt.Println(word)
		}
	}
}

func ExampleZIM() {
	tell(vocabulary.ZIM())
	// Output:
	// (1,1)
	// (2,0)
	// (3,3)
	// (0,4)
}

func ExampleWuKongFlutter() {
	tell(vocabulary.WuKongFlutter())
	// Output:
	// connecting
	// success node=1001
	// syncMsg
	// syncCompleted
	// fail "ReadEOF"
	// connecting
	// kicked
}

func ExampleWuKongIOS() {
	tell(vocabulary.WuKongIOS())
	// Output:
	// WKConnecting
	// WKConnected WKReasonConnectSuccess
	// WKDisconnected WKReasonNetworkError
	// WKConnecting
	// onKick WKReasonKickOff
	// WKDisconnected WKReasonKickOff
}

func ExamplePk() {
	tell(vocabulary.Pk())
	// Output:
	// connecting
	// connected
	// reconnecting
	// error
}

func ExampleSocket() {
	tell(vocabulary.Socket())
	// Output:
	// SocketStatusConnected
	// SocketStatusFailed
}

func ExampleAbly() {
	tell(vocabulary.Ably())
	// Output:
	// CONNECTING
	// CONNECTED
	// DISCONNECTED
	// CONNECTING
	// FAILED
}

func ExampleCentrifugo() {
	tell(vocabulary.Centrifugo())
	// Output:
	// connecting
	// connected
	// connecting
	// disconnected(3503)
}

func ExampleNATS() {
	tell(vocabulary.NATS())
	// Output:
	// CONNECTING
	// CONNECTED
	// DISCONNECTED
	// RECONNECTING
	// CLOSED
}

// visit is a room that is entered, loses its network, gets it back and is still
// in; and then somebody removes us.
var visit = []messages.RoomChanged{
	{Prev: messages.RoomDetached, Cur: messages.RoomJoining, How: messages.HowEnter},
	{Prev: messages.RoomJoining, Cur: messages.RoomJoined, How: messages.HowEnter},
	{Prev: messages.RoomJoined, Cur: messages.RoomInterrupted, How: messages.HowEnter},
	{Prev: messages.RoomInterrupted, Cur: messages.RoomVerifying, How: messages.HowEnter},
	{Prev: messages.RoomVerifying, Cur: messages.RoomJoined, How: messages.HowEnter, Recovered: true},
	{Prev: messages.RoomJoined, Cur: messages.RoomKicked, How: messages.HowEnter, Reason: messages.Reason{Code: messages.ReasonKickedFromRoom}},
}

func tellRoom[W vocabulary.Word](t *vocabulary.RoomTranslator[W]) {
	for _, change := range visit {
		for _, word := range t.Translate(change) {
			fmt.Println(word)
		}
	}
}

func ExampleZIMRoom() {
	tellRoom(vocabulary.ZIMRoom())
	// Output:
	// (1,6)
	// (2,0)
	// (1,1)
	// (1,1)
	// (2,0)
	// (0,8)
}

func ExampleCentrifugoSubscription() {
	tellRoom(vocabulary.CentrifugoSubscription())
	// Output:
	// subscribing(0)
	// subscribed
	// subscribing(1)
	// subscribed recovered
	// unsubscribed(2000)
}

func ExampleAblyChannel() {
	tellRoom(vocabulary.AblyChannel())
	// Output:
	// ATTACHING
	// ATTACHED
	// ATTACHING
	// ATTACHED resumed
	// FAILED
}

// A request to a channel that has ended answers as ZIM does to a user who is
// not logged in.
func ExampleZIMErrorOf() {
	fmt.Println(vocabulary.ZIMErrorOf(messages.ReasonNotConnected))
	// Output: 6000121
}
