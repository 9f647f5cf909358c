package vocabulary

import "github.com/seed14814784/holdfast/messages"

// ZIMError is the number of a ZIM error.
type ZIMError int

// The errors of ZIM that our reasons can be told as.
const (
	ZIMErrorNone              ZIMError = 0
	ZIMErrorFrequencyLimit    ZIMError = 6000004
	ZIMErrorFrequencyLimit2   ZIMError = 6000005
	ZIMErrorServerDisconnect  ZIMError = 6000009
	ZIMErrorCommon            ZIMError = 6000101
	ZIMErrorServer            ZIMError = 6000102
	ZIMErrorTokenInvalid      ZIMError = 6000103
	ZIMErrorNetwork           ZIMError = 6000104
	ZIMErrorRequestTimeout    ZIMError = 6000105
	ZIMErrorTokenExpired      ZIMError = 6000106
	ZIMErrorAlreadyLogged     ZIMError = 6000111
	ZIMErrorNotLogged         ZIMError = 6000121
	ZIMErrorOffline           ZIMError = 6000123
	ZIMErrorRoom              ZIMError = 6000301
	ZIMErrorRoomServer        ZIMError = 6000302
	ZIMErrorCreateRoom        ZIMError = 6000303
	ZIMErrorJoinRoom          ZIMError = 6000304
	ZIMErrorLeaveRoom         ZIMError = 6000306
	ZIMErrorAlreadyInRoom     ZIMError = 6000320
	ZIMErrorNotInRoom         ZIMError = 6000321
	ZIMErrorNoRoom            ZIMError = 6000322
	ZIMErrorRoomExists        ZIMError = 6000323
	ZIMErrorRoomLimit         ZIMError = 6000324
	ZIMErrorJoinedRoomLimit   ZIMError = 6000325
	ZIMErrorRoomConnecting    ZIMError = 6000326
	ZIMErrorRoomMemberBlocked ZIMError = 6000327
)

// zimErrors are the codes that have an error of their own.
var zimErrors = map[messages.Code]ZIMError{
	messages.ReasonOK:           ZIMErrorNone,
	messages.ReasonNetworkDown:  ZIMErrorOffline,
	messages.ReasonCredExpired:  ZIMErrorTokenExpired,
	messages.ReasonTryLater:     ZIMErrorFrequencyLimit,
	messages.ReasonRateLimited:  ZIMErrorFrequencyLimit,
	messages.ReasonPeerClose:    ZIMErrorServerDisconnect,
	messages.ReasonNotConnected: ZIMErrorNotLogged,
	messages.ReasonAckTimeout:   ZIMErrorRequestTimeout,

	messages.ReasonJoined:               ZIMErrorNone,
	messages.ReasonRecovered:            ZIMErrorNone,
	messages.ReasonRejoinedWithGap:      ZIMErrorNone,
	messages.ReasonInterrupted:          ZIMErrorRoomConnecting,
	messages.ReasonVerifyPending:        ZIMErrorRoomConnecting,
	messages.ReasonConnSuspended:        ZIMErrorRoomConnecting,
	messages.ReasonConnTerminal:         ZIMErrorNotLogged,
	messages.ReasonJoinTimeout:          ZIMErrorRequestTimeout,
	messages.ReasonJoinRejected:         ZIMErrorJoinRoom,
	messages.ReasonSwitchFailed:         ZIMErrorJoinRoom,
	messages.ReasonCreateFailed:         ZIMErrorCreateRoom,
	messages.ReasonAlreadyInRoom:        ZIMErrorAlreadyInRoom,
	messages.ReasonNotInRoom:            ZIMErrorNotInRoom,
	messages.ReasonUserLeave:            ZIMErrorNotInRoom,
	messages.ReasonSwitched:             ZIMErrorNotInRoom,
	messages.ReasonRoomHeartbeatTimeout: ZIMErrorNotInRoom,
	messages.ReasonKickedFromRoom:       ZIMErrorNotInRoom,
	messages.ReasonKickedByOtherDevice:  ZIMErrorNotInRoom,
	messages.ReasonRoomNotExist:         ZIMErrorNoRoom,
	messages.ReasonDisbanded:            ZIMErrorNoRoom,
	messages.ReasonRoomLimit:            ZIMErrorJoinedRoomLimit,
	messages.ReasonBlocked:              ZIMErrorRoomMemberBlocked,
	messages.ReasonRoomTokenExpired:     ZIMErrorTokenExpired,
	messages.ReasonHistoryLost:          ZIMErrorRoomServer,
}

// zimErrorsByHundred are the errors of all other codes.
var zimErrorsByHundred = map[messages.Code]ZIMError{
	2: ZIMErrorNetwork,
	3: ZIMErrorRequestTimeout,
	4: ZIMErrorTokenInvalid,
	5: ZIMErrorServer,
	6: ZIMErrorServer,
	8: ZIMErrorRoom,
}

// ZIMErrorOf is the ZIM error that comes nearest to a code of ours. A request
// to a channel that is not connected and not about to be answers 6000121, and so
// does one about a room whose channel has ended.
func ZIMErrorOf(code messages.Code) ZIMError {
	if e, ok := zimErrors[code]; ok {
		return e
	}
	if e, ok := zimErrorsByHundred[code/100]; ok {
		return e
	}
	return ZIMErrorCommon
}
