package messages

import (
	"fmt"
	"strings"
	"time"
)

// Code is the stable number of a reason. Codes are grouped by hundreds: 1xx
// local commands, 2xx network, 3xx deadlines, 4xx credentials, 5xx the server
// says retry, 6xx the server says stop, 7xx supervision, 8xx rooms, 9xx
// delivery and use of the API.
//
// A Code is an error whose identity is its number: errors.Is(err, code) holds
// for every error of this library that carries it.
type Code uint16

// Error returns the code's meaning, such as "209 ReadEOF: the peer closed the
// stream without a close frame".
func (c Code) Error() string {
	if e, ok := catalogue[c]; ok {
		return fmt.Sprintf("%d %s: %s", c, e.name, e.meaning)
	}
	return fmt.Sprintf("%d", c)
}

// String returns the code's name, such as "ReadEOF".
func (c Code) String() string {
	if e, ok := catalogue[c]; ok {
		return e.name
	}
	return fmt.Sprintf("Code(%d)", uint16(c))
}

// Class tells what a restart policy should make of the code.
func (c Code) Class() Class { return catalogue[c].class }

// Action tells what a person or program should do about the code.
func (c Code) Action() Action { return catalogue[c].action }

// Wire is what the peer or the system said, word for word, so that nothing is
// lost in translation.
type Wire struct {
	Scheme string // whose number it is: "websocket", "http", "tls", "dns", "os", or a protocol's name
	Code   int    // the number on the wire, 0 if there was none
	Text   string // the text that came with it
}

// Reason says why something happened. The zero Reason means "no reason needed".
type Reason struct {
	Code       Code
	Wire       Wire
	RetryAfter time.Duration // the peer asked not to come back sooner; 0 if it did not ask
	Detail     string        // words for people: what was tried, on what
}

// Because is the reason with that code and a detail for people.
func Because(code Code, format string, args ...any) Reason {
	return Reason{Code: code, Detail: fmt.Sprintf(format, args...)}
}

// Class is the class of the reason's code.
func (r Reason) Class() Class { return r.Code.Class() }

// Action is the advice of the reason's code.
func (r Reason) Action() Action { return r.Code.Action() }

// IsZero reports whether there is no reason at all.
func (r Reason) IsZero() bool { return r == Reason{} }

// String renders the reason for a log line: its name, the peer's words, the
// detail.
func (r Reason) String() string {
	var b strings.Builder
	b.WriteString(r.Code.String())
	if r.Wire != (Wire{}) {
		fmt.Fprintf(&b, " (%s", r.Wire.Scheme)
		if r.Wire.Code != 0 {
			fmt.Fprintf(&b, " %d", r.Wire.Code)
		}
		if r.Wire.Text != "" {
			fmt.Fprintf(&b, " %q", r.Wire.Text)
		}
		b.WriteByte(')')
	}
	if r.Detail != "" {
		b.WriteString(": ")
		b.WriteString(r.Detail)
	}
	return b.String()
}

// Class is the only thing about an ending that a restart policy needs.
type Class uint8

// The classes.
const (
	ClassNone           Class = iota // nothing failed
	ClassLocal                       // our own command
	ClassTransient                   // try again, counted
	ClassThrottled                   // try again, not before the peer's delay
	ClassReconnectNow                // the peer asks for a fresh connection
	ClassSessionInvalid              // try again without resume state
	ClassMoved                       // try again at another address
	ClassStale                       // credentials are stale: refresh once, then count
	ClassForbidden                   // credentials or configuration will not do: stop
	ClassKicked                      // another login or an administrator: stop until takeover
	ClassBanned                      // the server will not have us: stop
	ClassStarved                     // this machine lacks what a dial needs: try again, not counted
)

var classNames = [...]string{
	"None", "Local", "Transient", "Throttled", "ReconnectNow", "SessionInvalid",
	"Moved", "Stale", "Forbidden", "Kicked", "Banned",
	"Starved",
}

// String returns the class's name, such as "Transient".
func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return fmt.Sprintf("Class(%d)", uint8(c))
}

// Final reports whether an ending of this class is not followed by a retry.
func (c Class) Final() bool {
	return c == ClassForbidden || c == ClassKicked || c == ClassBanned
}

// Action is advice: what to do about a reason.
type Action uint8

// The advice a reason can carry.
const (
	ActionNone      Action = iota // nothing to do
	ActionWait                    // the channel retries by itself
	ActionRenew                   // renew the credentials
	ActionLogin                   // log in again
	ActionConfigure               // check address and configuration
	ActionTakeOver                // connect with takeover, if this side should win
	ActionConnect                 // connect when ready to
	ActionReport                  // a bug or an overload: look at it
)

var actionNames = [...]string{
	"None", "Wait", "RenewCredentials", "LogIn", "CheckConfiguration",
	"TakeOver", "Connect", "Report",
}

// String returns the advice's name, such as "RenewCredentials".
func (a Action) String() string {
	if int(a) < len(actionNames) {
		return actionNames[a]
	}
	return fmt.Sprintf("Action(%d)", uint8(a))
}
