package centrifugo

import (
	"strings"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// The codes of Centrifugo that mean something special to us.
const (
	errorUnauthorized      = 101
	errorUnknownChannel    = 102
	errorAlreadySubscribed = 105
	errorLimitExceeded     = 106
	errorTokenExpired      = 109
	errorExpired           = 110
	errorTooManyRequests   = 111
	errorUnrecoverable     = 112

	firstServerError = 100 // what is below comes from clients, not from servers

	unsubscribedInsufficient = 2500 // from here on we may come back
	unsubscribedExpired      = 2501
	unsubscribedInvalidated  = 2502 // the token is not good any more
)

// disconnects are the endings that have a name.
var disconnects = map[int]messages.Code{
	3001: messages.ReasonReconnectNow,       // shutdown
	3004: messages.ReasonServerError,        // internal server error
	3005: messages.ReasonCredExpired,        // connection expired
	3008: messages.ReasonSlowConsumer,       // slow
	3009: messages.ReasonServerError,        // write error
	3010: messages.ReasonServerError,        // insufficient state: the server lost messages, and what we remember recovers them
	3011: messages.ReasonReconnectNow,       // force reconnect
	3012: messages.ReasonNoPongFromUs,       // no pong
	3013: messages.ReasonRateLimited,        // too many requests
	3014: messages.ReasonCredExpired,        // state invalidated: come back with a fresh token
	3500: messages.ReasonForbidden,          // invalid token
	3501: messages.ReasonBadRequest,         // bad request
	3503: messages.ReasonKickedByAdmin,      // force disconnect
	3506: messages.ReasonUnsupportedVersion, // inappropriate protocol
}

// final reports whether a disconnect code is not to be followed by another
// attempt.
func final(code int) bool { return code >= 3500 && code < 4000 || code >= 4500 && code < 5000 }

// disconnected is what a disconnect code means. Who logged in without a token
// has none that could be fetched anew, and just comes back.
func (s *session) disconnected(code int, text string) messages.Reason {
	reason := messages.Reason{Code: messages.ReasonPeerClose, Wire: wire(code, text)}
	if named, ok := disconnects[code]; ok {
		reason.Code = named
	} else if final(code) {
		reason.Code = messages.ReasonNotAllowed
	}
	if reason.Class() == messages.ClassStale && s.token.IsZero() {
		reason.Code = messages.ReasonPeerClose
	}
	return reason
}

func wire(code int, text string) messages.Wire {
	return messages.Wire{Scheme: "centrifugo", Code: code, Text: brief(text)}
}

// briefly is how many bytes of the server's words are kept. An event and a line
// of a log hold them, and a server may say megabytes.
const briefly = 512

func brief(text string) string {
	if len(text) <= briefly {
		return text
	}
	return strings.ToValidUTF8(text[:briefly], "") + "..."
}

// temporary reports whether the same request may succeed later.
func (f *fault) temporary() bool { return f.Temporary || f.Code <= firstServerError }

// login is what an error means that answers a connect or a refresh.
func (f *fault) login() messages.Reason {
	reason := messages.Reason{Code: messages.ReasonForbidden, Wire: wire(f.Code, f.Message)}
	switch {
	case f.Code == errorTokenExpired || f.Code == errorExpired:
		reason.Code = messages.ReasonCredExpired
	case f.Code == errorUnauthorized:
		reason.Code = messages.ReasonAuthRejected
	case f.Code == errorTooManyRequests:
		reason.Code = messages.ReasonRateLimited
	case f.temporary():
		reason.Code = messages.ReasonServerError
	}
	return reason
}

// room is what an error means that answers a subscribe.
func (f *fault) room() transport.RoomNews {
	news := transport.RoomNews{Kind: transport.RoomDenied, Reason: messages.Reason{Code: messages.ReasonJoinRejected, Wire: wire(f.Code, f.Message)}}
	switch {
	case f.Code == errorTokenExpired:
		news.Kind, news.Reason.Code = transport.RoomRetry, messages.ReasonRoomTokenExpired
	case f.Code == errorTooManyRequests:
		news.Kind, news.Reason.Code = transport.RoomRetry, messages.ReasonRateLimited
	case f.temporary():
		news.Kind = transport.RoomRetry
	case f.Code == errorUnknownChannel:
		news.Kind, news.Reason.Code = transport.RoomNotExist, messages.ReasonRoomNotExist
	case f.Code == errorLimitExceeded:
		news.Reason.Code = messages.ReasonRoomLimit
	}
	return news
}

// message is what an error means that answers a publish or an rpc.
func (f *fault) message() messages.Reason {
	return messages.Reason{Code: messages.ReasonNack, Wire: wire(f.Code, f.Message)}
}

// unsubscribed is what the server means by taking us out of a room.
func unsubscribed(code int, text string) transport.RoomNews {
	news := transport.RoomNews{Kind: transport.RoomDetached, Reason: messages.Reason{Code: messages.ReasonHistoryLost, Wire: wire(code, text)}}
	switch {
	case code < unsubscribedInsufficient:
		news.Kind, news.Reason.Code = transport.RoomEvicted, messages.ReasonKickedFromRoom
	case code == unsubscribedExpired || code == unsubscribedInvalidated:
		news.Reason.Code = messages.ReasonRoomTokenExpired
	}
	return news
}
