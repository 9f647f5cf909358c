package vocabulary

import (
	"fmt"

	"github.com/seed14814784/holdfast/messages"
)

// CentrifugoSubscriptionState is a subscription state of Centrifugo's SDKs.
type CentrifugoSubscriptionState string

// The subscription states of Centrifugo's SDKs.
const (
	CentrifugoUnsubscribed CentrifugoSubscriptionState = "unsubscribed"
	CentrifugoSubscribing  CentrifugoSubscriptionState = "subscribing"
	CentrifugoSubscribed   CentrifugoSubscriptionState = "subscribed"
)

// The codes of subscribing: why a subscription is on its way.
const (
	CentrifugoSubscribeCalled   = 0
	CentrifugoTransportClosed   = 1
	CentrifugoInsufficientState = 2500
	CentrifugoExpired           = 2501
)

// The codes of unsubscribed: why a subscription has ended. Those from 100 on are
// the server's.
const (
	CentrifugoUnsubscribeCalled = 0
	CentrifugoUnauthorized      = 1
	CentrifugoClientClosed      = 2
	CentrifugoUnknownChannel    = 102
	CentrifugoPermissionDenied  = 103
	CentrifugoLimitExceeded     = 106
	CentrifugoServerUnsubscribe = 2000
)

// CentrifugoSubscriptionChange is what the SDKs' events of a subscription carry.
type CentrifugoSubscriptionChange struct {
	State         CentrifugoSubscriptionState
	Code          int  // in subscribing and unsubscribed: the server's own, or the nearest
	WasRecovering bool // in subscribed: there was a position to go on from
	Recovered     bool // in subscribed: nothing was missed
}

// String renders the change, such as "subscribing(1)" or "subscribed recovered".
func (c CentrifugoSubscriptionChange) String() string {
	switch {
	case c.State != CentrifugoSubscribed:
		return fmt.Sprintf("%s(%d)", c.State, c.Code)
	case c.Recovered:
		return string(c.State) + " recovered"
	case c.WasRecovering:
		return string(c.State) + " not recovered"
	}
	return string(c.State)
}

// CentrifugoSubscription translates into the subscription states of Centrifugo's
// SDKs.
func CentrifugoSubscription() *RoomTranslator[CentrifugoSubscriptionChange] {
	return roomTranslator(centrifugoSubscription)
}

func centrifugoSubscription(m *roomMemory[CentrifugoSubscriptionChange], change messages.RoomChanged) []CentrifugoSubscriptionChange {
	var word CentrifugoSubscriptionChange
	switch change.Cur {
	case messages.RoomJoined:
		word.State = CentrifugoSubscribed
		word.WasRecovering, word.Recovered = change.Recovered || change.Gap, change.Recovered
	case messages.RoomLeaving, messages.RoomDetached, messages.RoomLost, messages.RoomGone, messages.RoomKicked, messages.RoomFailed:
		word.State, word.Code = CentrifugoUnsubscribed, unsubscribedCode(change)
	default: // on its way
		word.State, word.Code = CentrifugoSubscribing, subscribingCode(change, m.queued)
	}
	if m.said && m.last.State == word.State {
		return nil // another code of the same state is no event there
	}
	return []CentrifugoSubscriptionChange{word}
}

// centrifugoWire is the number that the server itself gave, or 0.
func centrifugoWire(reason messages.Reason) int {
	if reason.Wire.Scheme != "centrifugo" {
		return 0 // of the connection, or of another protocol
	}
	return reason.Wire.Code
}

func subscribingCode(change messages.RoomChanged, queued bool) int {
	if code := centrifugoWire(change.Reason); code >= 2500 && code < 3000 {
		return code
	}
	switch {
	case change.Cur == messages.RoomJoining || queued:
		return CentrifugoSubscribeCalled
	case change.Reason.Code == messages.ReasonRoomTokenExpired:
		return CentrifugoExpired
	case change.Prev == messages.RoomJoined && change.Cur != messages.RoomInterrupted:
		return CentrifugoInsufficientState
	}
	return CentrifugoTransportClosed
}

// unsubscribedCodes are the codes of reasons that have one.
var unsubscribedCodes = map[messages.Code]int{
	messages.ReasonRoomTokenExpired:     CentrifugoUnauthorized,
	messages.ReasonRoomNotExist:         CentrifugoUnknownChannel,
	messages.ReasonJoinRejected:         CentrifugoPermissionDenied,
	messages.ReasonBlocked:              CentrifugoPermissionDenied,
	messages.ReasonRoomLimit:            CentrifugoLimitExceeded,
	messages.ReasonRoomHeartbeatTimeout: CentrifugoServerUnsubscribe,
	messages.ReasonKickedFromRoom:       CentrifugoServerUnsubscribe,
	messages.ReasonKickedByOtherDevice:  CentrifugoServerUnsubscribe,
	messages.ReasonDisbanded:            CentrifugoServerUnsubscribe,
	messages.ReasonHistoryLost:          CentrifugoServerUnsubscribe,
	messages.ReasonPermissionRevoked:    CentrifugoServerUnsubscribe,
}

func unsubscribedCode(change messages.RoomChanged) int {
	reason := change.Reason
	if reason.Code == messages.ReasonConnTerminal {
		return CentrifugoClientClosed // the number on the wire, if any, is the connection's
	}
	if change.Cur == messages.RoomLeaving || change.Cur == messages.RoomDetached {
		if reason.Code/100 == 8 {
			return CentrifugoUnsubscribeCalled
		}
		return CentrifugoClientClosed
	}
	if code := centrifugoWire(reason); code > 0 && code < 2500 {
		return code
	}
	if reason.Code/100 == 4 {
		return CentrifugoUnauthorized
	}
	return unsubscribedCodes[reason.Code]
}
