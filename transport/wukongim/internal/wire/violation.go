package wire

import (
	"strings"

	"github.com/seed14814784/holdfast/messages"
)

// broken is the error of a peer that does not keep to the protocol.
func broken(format string, args ...any) error {
	return &messages.Error{Op: "receive", Reason: messages.Because(messages.ReasonProtocolError, format, args...)}
}

// announced is the error of a frame that says it is above the limit.
func announced(t Type, size int) error {
	return &messages.Error{Op: "receive", Reason: messages.Because(messages.ReasonFrameTooLarge, "a %s announces %d bytes; the limit is %d", t, size, MaxBody)}
}

// unsendable is the error of a packet of ours that does not fit.
func unsendable(code messages.Code, format string, args ...any) error {
	return &messages.Error{Op: "send", Reason: messages.Because(code, format, args...)}
}

// briefly is how many bytes of a peer's words are kept in an error.
const briefly = 256

func brief(text string) string {
	if len(text) <= briefly {
		return text
	}
	return strings.ToValidUTF8(text[:briefly], "") + "..."
}
