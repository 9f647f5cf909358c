package transport

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"

	"github.com/seed14814784/holdfast/messages"
)

// Close codes this package sends or looks at (RFC 6455, 7.4.1).
const (
	closeNoStatus      = 1005
	closeAbnormal      = 1006
	closeProtocolError = 1002
	closeBadText       = 1007
	closeTooBig        = 1009
	closeTLS           = 1015
)

// maxCloseText is what a close frame can say besides its code.
const maxCloseText = maxControl - 2

// parseClose reads the body of a close frame. Every code survives as it is,
// even one that must never be on the wire: servers do send them, and the number
// is what an operator looks for. An empty body is code 1005 (RFC 6455, 7.1.5).
// Text that is not UTF-8 is made valid. Only a body of one byte is wrong.
func parseClose(body []byte) (code int, text string, ok bool) {
	switch len(body) {
	case 0:
		return closeNoStatus, "", true
	case 1:
		return 0, "", false
	}
	return int(binary.BigEndian.Uint16(body)), strings.ToValidUTF8(string(body[2:]), "\uFFFD"), true
}

// closeBody is the body of a close frame with that code and as much of the text
// as fits, cut at the border of a rune. Codes 0 and 1005 give an empty body.
func closeBody(code int, text string) []byte {
	if code == 0 || code == closeNoStatus {
		return nil
	}
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) > maxCloseText {
		end := maxCloseText
		for !utf8.RuneStart(text[end]) {
			end--
		}
		text = text[:end]
	}
	return append(binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(text)), uint16(code)), text...)
}

// sendable reports whether a close frame may carry the code (RFC 6455, 7.4).
func sendable(code int) bool {
	switch code {
	case 1004, closeNoStatus, closeAbnormal, closeTLS:
		return false
	}
	return code >= 1000 && code <= 4999
}

// echoOf is the code that answers a peer's close frame: the same, unless we
// must not send it.
func echoOf(code int) int {
	if code == closeNoStatus || sendable(code) {
		return code
	}
	return closeProtocolError
}

// closeReason is the ending that a peer's close frame means, before a protocol
// gives it its own meaning.
func closeReason(code int, text string) messages.Reason {
	reason := messages.Reason{
		Code: messages.ReasonPeerClose,
		Wire: messages.Wire{Scheme: "websocket", Code: code, Text: text},
	}
	if code == closeAbnormal {
		reason.Code = messages.ReasonAbnormalClosure
	}
	return reason
}
