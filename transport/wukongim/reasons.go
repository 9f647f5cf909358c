package wukongim

import "github.com/seed14814784/holdfast/messages"

// reasons say what each reason means where it is said. 0 is the place's default: an
// error of the server for a login, a refusal for a message, a close for a connection.
var reasons = [...]struct {
	name                    string
	login, send, disconnect messages.Code
	meaning                 string
}{
	ReasonUnknown:                 {"Unknown", 0, messages.ReasonServerError, 0, "the server does not say why"},
	ReasonSuccess:                 {"Success", 0, 0, 0, "the server has no complaint"},
	ReasonAuthFail:                {"AuthFail", messages.ReasonAuthRejected, messages.ReasonAuthRejected, messages.ReasonAuthRejected, "the token is not that of the uid and device"},
	ReasonSubscriberNotExist:      {"SubscriberNotExist", 0, messages.ReasonNotInRoom, 0, "the sender is no subscriber of the channel"},
	ReasonInBlacklist:             {"InBlacklist", 0, messages.ReasonBlocked, 0, "the sender is on the channel's blacklist"},
	ReasonChannelNotExist:         {"ChannelNotExist", 0, messages.ReasonRoomNotExist, 0, "there is no such channel"},
	ReasonUserNotOnNode:           {"UserNotOnNode", messages.ReasonMoved, messages.ReasonServerError, messages.ReasonMoved, "the user belongs to another node"},
	ReasonSenderOffline:           {"SenderOffline", 0, messages.ReasonServerError, 0, "the server does not know the sender's connection"},
	ReasonMsgKeyError:             {"MsgKeyError", 0, messages.ReasonNack, 0, "the message was not signed with the session's key"},
	ReasonPayloadDecodeError:      {"PayloadDecodeError", 0, messages.ReasonNack, 0, "the message was not encrypted with the session's key"},
	ReasonForwardSendPacketError:  {"ForwardSendPacketError", 0, messages.ReasonServerError, 0, "the message did not reach the channel's node"},
	ReasonNotAllowSend:            {"NotAllowSend", 0, messages.ReasonPermissionRevoked, 0, "the sender may not send here"},
	ReasonConnectKick:             {"ConnectKick", messages.ReasonKickedOtherDevice, messages.ReasonServerError, messages.ReasonKickedOtherDevice, "the connection is not wanted any more"},
	ReasonNotInWhitelist:          {"NotInWhitelist", 0, messages.ReasonPermissionRevoked, 0, "the sender is not on the channel's whitelist"},
	ReasonQueryTokenError:         {"QueryTokenError", 0, messages.ReasonServerError, 0, "the server could not look the token up"},
	ReasonSystemError:             {"SystemError", 0, messages.ReasonServerError, messages.ReasonServerError, "the server had an error"},
	ReasonChannelIDError:          {"ChannelIDError", 0, messages.ReasonInvalidSpec, 0, "the channel's id is not one"},
	ReasonNodeMatchError:          {"NodeMatchError", messages.ReasonMoved, messages.ReasonServerError, messages.ReasonMoved, "the server could not tell which node the user belongs to"},
	ReasonNodeNotMatch:            {"NodeNotMatch", messages.ReasonMoved, messages.ReasonServerError, messages.ReasonMoved, "the user belongs to another node"},
	ReasonBan:                     {"Ban", messages.ReasonBanned, messages.ReasonPermissionRevoked, messages.ReasonBanned, "the user or the channel is banned"},
	ReasonNotSupportHeader:        {"NotSupportHeader", 0, messages.ReasonNotSupported, 0, "the server does not support the flags"},
	ReasonClientKeyIsEmpty:        {"ClientKeyIsEmpty", messages.ReasonNotAllowed, messages.ReasonNotSupported, messages.ReasonNotAllowed, "the login came without a key to encrypt with"},
	ReasonRateLimit:               {"RateLimit", messages.ReasonRateLimited, messages.ReasonRateLimited, messages.ReasonRateLimited, "we are too fast for the server"},
	ReasonNotSupportChannelType:   {"NotSupportChannelType", 0, messages.ReasonInvalidSpec, 0, "the server does not support channels of that type"},
	ReasonDisband:                 {"Disband", 0, messages.ReasonDisbanded, 0, "the channel was disbanded"},
	ReasonSendBan:                 {"SendBan", 0, messages.ReasonPermissionRevoked, 0, "nobody may send in the channel"},
	ReasonChannelDeleting:         {"ChannelDeleting", 0, messages.ReasonDisbanded, 0, "the channel is being deleted"},
	ReasonProtocolUpgradeRequired: {"ProtocolUpgradeRequired", messages.ReasonUnsupportedVersion, messages.ReasonNotSupported, messages.ReasonUnsupportedVersion, "the server wants a later version of the protocol"},
	ReasonIdempotencyConflict:     {"IdempotencyConflict", 0, messages.ReasonDuplicate, 0, "another message had the same clientMsgNo"},
	ReasonMessageSeqExhausted:     {"MessageSeqExhausted", 0, messages.ReasonServerError, 0, "the channel has no sequence numbers left"},
}
