package wukongim

import (
	"fmt"
	"strings"

	"github.com/seed14814784/holdfast/messages"
)

// ReasonCode is why a server answers or ends as it does. It is the code of
// [messages.Wire] where the scheme is "wukongim".
type ReasonCode byte

// The reasons. Those from ReasonChannelDeleting on are of the newer servers only.
const (
	ReasonUnknown ReasonCode = iota
	ReasonSuccess
	ReasonAuthFail
	ReasonSubscriberNotExist
	ReasonInBlacklist
	ReasonChannelNotExist
	ReasonUserNotOnNode
	ReasonSenderOffline
	ReasonMsgKeyError
	ReasonPayloadDecodeError
	ReasonForwardSendPacketError
	ReasonNotAllowSend
	ReasonConnectKick
	ReasonNotInWhitelist
	ReasonQueryTokenError
	ReasonSystemError
	ReasonChannelIDError
	ReasonNodeMatchError
	ReasonNodeNotMatch
	ReasonBan
	ReasonNotSupportHeader
	ReasonClientKeyIsEmpty
	ReasonRateLimit
	ReasonNotSupportChannelType
	ReasonDisband
	ReasonSendBan
	ReasonChannelDeleting
	ReasonProtocolUpgradeRequired
	ReasonIdempotencyConflict
	ReasonMessageSeqExhausted
)

// String returns the reason's name, such as "AuthFail".
func (c ReasonCode) String() string {
	if int(c) < len(reasons) {
		return reasons[c].name
	}
	return fmt.Sprintf("ReasonCode(%d)", byte(c))
}

// scheme is whose numbers are in messages.Wire.
const scheme = "wukongim"

// briefly is how many bytes of the server's words are kept. An event and a line of a
// log hold them.
const briefly = 512

func brief(text string) string {
	if len(text) <= briefly {
		return text
	}
	return strings.ToValidUTF8(text[:briefly], "") + "..."
}

func (c ReasonCode) reason(code messages.Code, text string) messages.Reason {
	detail := "the server gives a reason that is not known"
	if int(c) < len(reasons) {
		detail = reasons[c].meaning
	}
	return messages.Reason{Code: code, Wire: messages.Wire{Scheme: scheme, Code: int(c), Text: brief(text)}, Detail: detail}
}

// login is what a CONNACK means; zero if the login was accepted.
func (c ReasonCode) login() messages.Reason {
	if c == ReasonSuccess {
		return messages.Reason{}
	}
	code := messages.ReasonServerError
	if int(c) < len(reasons) && reasons[c].login != 0 {
		code = reasons[c].login
	}
	return c.reason(code, "")
}

// send is what a SENDACK means; zero if the message was accepted.
func (c ReasonCode) send() messages.Reason {
	if c == ReasonSuccess {
		return messages.Reason{}
	}
	code := messages.ReasonNack
	if int(c) < len(reasons) && reasons[c].send != 0 {
		code = reasons[c].send
	}
	return c.reason(code, "")
}

// kicks are the words with which an administrator's calls end a connection.
var kicks = map[string]bool{"": true, "server kick": true}

// disconnect is what a DISCONNECT with those words means.
func (c ReasonCode) disconnect(text string) messages.Reason {
	code := messages.ReasonPeerClose
	switch {
	case c == ReasonConnectKick && kicks[text]:
		code = messages.ReasonKickedByAdmin
	case int(c) < len(reasons) && reasons[c].disconnect != 0:
		code = reasons[c].disconnect
	}
	return c.reason(code, text)
}
