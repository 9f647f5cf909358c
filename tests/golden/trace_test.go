package golden

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/messages/vocabulary"
)

// A trace is a text file that tells one story:
//
//	# a comment
//	speaks zim               the vocabularies it is told in
//	> Lost ReadEOF           what happens: an event, its reason, wire=, node=
//	  Ready -> Backoff ReadEOF
//	  zim (3,3)              what is said about it
//	= zim (1,1) (2,0) (3,3)  all that was said, in one line
//	= Backoff, wanted, timers backoff outage
//
// Comments and empty lines do not count, everything else does: replaying the
// lines that begin with > must give the whole file again.

// listener hears one vocabulary and keeps all it hears.
type listener interface {
	hear(messages.StatusChanged) []string
	sequence() string
}

type heard[W vocabulary.Word] struct {
	*vocabulary.Translator[W]
	all []string
}

func (h *heard[W]) hear(change messages.StatusChanged) []string {
	var said []string
	for _, word := range h.Translate(change) {
		said = append(said, word.String())
	}
	h.all = append(h.all, said...)
	return said
}

func (h *heard[W]) sequence() string { return strings.Join(h.all, " | ") }

func listen(name string) (listener, error) {
	switch name {
	case "zim":
		return &heard[vocabulary.ZIMChange]{Translator: vocabulary.ZIM()}, nil
	case "wukong":
		return &heard[vocabulary.WKChange]{Translator: vocabulary.WuKongFlutter()}, nil
	case "ios":
		return &heard[vocabulary.WKIOSChange]{Translator: vocabulary.WuKongIOS()}, nil
	case "pk":
		return &heard[vocabulary.PkStatus]{Translator: vocabulary.Pk()}, nil
	case "socket":
		return &heard[vocabulary.SocketStatus]{Translator: vocabulary.Socket()}, nil
	}
	return nil, fmt.Errorf("nobody speaks %q", name)
}

// meaningful are the lines of a trace that count.
func meaningful(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		if line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}

// story replays a trace.
type story struct {
	machine   lifecycle.Machine
	state     lifecycle.State
	at        time.Time
	names     []string
	listeners map[string]listener
	lines     []string
}

// replay runs the events of a trace and gives the lines that it should have.
func replay(text string) (*story, error) {
	s := &story{
		machine: lifecycle.Machine{Strategy: lifecycle.StrategyFunc(func(lifecycle.Failure) lifecycle.Verdict {
			return lifecycle.Verdict{Delay: time.Second}
		})},
		at:        time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC),
		listeners: map[string]listener{},
	}
	for _, line := range meaningful(text) {
		var err error
		if names, ok := strings.CutPrefix(line, "speaks "); ok {
			err = s.speak(strings.Fields(names))
		} else if event, ok := strings.CutPrefix(line, "> "); ok {
			err = s.happen(strings.Fields(event))
		} else {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", line, err)
		}
	}
	s.conclude()
	return s, nil
}

func (s *story) print(format string, args ...any) {
	s.lines = append(s.lines, strings.TrimRight(fmt.Sprintf(format, args...), " "))
}

func (s *story) speak(names []string) error {
	if s.names != nil {
		return errors.New("a trace says once what it speaks")
	}
	s.names = names
	for _, name := range names {
		l, err := listen(name)
		if err != nil {
			return err
		}
		s.listeners[name] = l
	}
	s.print("speaks %s", strings.Join(names, " "))
	return nil
}

// happen steps through one event and tells what an observer is told.
func (s *story) happen(words []string) error {
	event, node, err := parse(words)
	if err != nil {
		return err
	}
	s.at = s.at.Add(time.Second)
	event.At = s.at
	s.print("> %s", strings.Join(words, " "))
	prev := s.state
	next, step, ok := s.machine.Step(prev, event)
	s.state = next
	switch {
	case !ok:
		s.print("  no row")
		return nil
	case next.Status == prev.Status && step.Updated:
		s.print("  update %s", reason(step))
		return nil
	case next.Status == prev.Status:
		s.print("  stays %s", next.Status)
		return nil
	}
	s.print("  %s -> %s %s", prev.Status, next.Status, reason(step))
	change := messages.StatusChanged{
		Prev: prev.Status, Cur: next.Status, Reason: step.Reason, Attempt: next.Attempt,
		RetryIn: step.Delay, Epoch: next.Epoch, Planned: step.Planned, Node: node, At: s.at,
	}
	for _, name := range s.names {
		for _, word := range s.listeners[name].hear(change) {
			s.print("  %s %s", name, word)
		}
	}
	return nil
}

func reason(step lifecycle.Step) string {
	if step.Reason.Code == messages.ReasonOK {
		return ""
	}
	return step.Reason.String()
}

// conclude sums the story up.
func (s *story) conclude() {
	for _, name := range s.names {
		s.print("= %s %s", name, s.listeners[name].sequence())
	}
	wish, timers := "not wanted", "no timers"
	if s.state.Up {
		wish = "wanted"
	}
	if s.state.Timers != 0 {
		timers = "timers " + s.state.Timers.String()
	}
	s.print("= %s, %s, %s", s.state.Status, wish, timers)
}

// parse reads an event: its kind, and perhaps the name of a reason, wire= with
// whose number it is, and node=.
func parse(words []string) (event lifecycle.Event, node string, err error) {
	if len(words) == 0 {
		return event, "", errors.New("what happens?")
	}
	known := false
	for _, kind := range lifecycle.Kinds() {
		if kind.String() == words[0] {
			event.Kind, known = kind, true
		}
	}
	if !known {
		return event, "", fmt.Errorf("there is no event %q", words[0])
	}
	for _, word := range words[1:] {
		key, value, assigned := strings.Cut(word, "=")
		switch {
		case key == "node" && assigned:
			node = value
		case key == "wire" && assigned:
			scheme, number, _ := strings.Cut(value, ":")
			event.Reason.Wire.Scheme = scheme
			if event.Reason.Wire.Code, err = strconv.Atoi(number); err != nil {
				return event, "", fmt.Errorf("the number in %q: %w", word, err)
			}
		default:
			if event.Reason.Code, err = code(word); err != nil {
				return event, "", err
			}
		}
	}
	return event, node, nil
}

func code(name string) (messages.Code, error) {
	for _, c := range messages.Codes() {
		if c.String() == name {
			return c, nil
		}
	}
	return 0, fmt.Errorf("there is no reason %q", name)
}
