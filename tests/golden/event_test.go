package golden

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/seed14814784/holdfast/messages"
)

// occurrence is an event of the channel or of its room, as it is written.
type occurrence[K fmt.Stringer] struct {
	kind   K
	reason messages.Reason
	node   string
	how    *messages.JoinHow
}

// parse reads an event: its kind, and perhaps the name of a reason, wire= with
// whose number it is, node=, and how= a room is joined.
func parse[K fmt.Stringer](words []string, kinds []K) (o occurrence[K], err error) {
	if len(words) == 0 {
		return o, errors.New("what happens?")
	}
	known := false
	for _, kind := range kinds {
		if kind.String() == words[0] {
			o.kind, known = kind, true
		}
	}
	if !known {
		return o, fmt.Errorf("there is no event %q", words[0])
	}
	for _, word := range words[1:] {
		key, value, assigned := strings.Cut(word, "=")
		switch {
		case key == "node" && assigned:
			o.node = value
		case key == "how" && assigned:
			o.how, err = way(value)
		case key == "wire" && assigned:
			scheme, number, _ := strings.Cut(value, ":")
			o.reason.Wire.Scheme = scheme
			o.reason.Wire.Code, err = strconv.Atoi(number)
		default:
			o.reason.Code, err = code(word)
		}
		if err != nil {
			return o, fmt.Errorf("%q: %w", word, err)
		}
	}
	return o, nil
}

func way(name string) (*messages.JoinHow, error) {
	for how := messages.HowJoin; how <= messages.HowSwitch; how++ {
		if how.String() == name {
			return &how, nil
		}
	}
	return nil, errors.New("there is no such way into a room")
}

func code(name string) (messages.Code, error) {
	for _, c := range messages.Codes() {
		if c.String() == name {
			return c, nil
		}
	}
	return 0, errors.New("there is no such reason")
}
