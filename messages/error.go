package messages

import (
	"errors"
	"fmt"
)

// Error is what every call of this library that does not succeed returns. It
// says what was tried (Op), on which channel, why not (Reason) and, if there
// is one, the error underneath.
//
// errors.Is matches it against a [Code]; errors.As against *Error gives the
// reason. Whoever was kicked is not logged in: an error with such a reason is
// [ReasonNotConnected] as well.
type Error struct {
	Op      string // "open", "send", "connect", ...
	Channel ChannelID
	Reason  Reason
	Err     error // the error underneath, or nil
}

// Error says what was tried, on what, why it did not work and what to do.
func (e *Error) Error() string {
	s := e.Op
	if e.Channel != "" {
		s += fmt.Sprintf(" %q", string(e.Channel))
	}
	s += ": " + e.Reason.String()
	if e.Reason.Detail == "" {
		s += ": " + catalogue[e.Reason.Code].meaning
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives errors.Is and errors.As the code and the error underneath.
func (e *Error) Unwrap() []error {
	errs := []error{e.Reason.Code}
	if e.Reason.Class() == ClassKicked {
		errs = append(errs, ReasonNotConnected)
	}
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	return errs
}

// ReasonOf returns the reason an error carries, and false if it carries none.
func ReasonOf(err error) (Reason, bool) {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Reason, true
	}
	return Reason{}, false
}
