package golden

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
)

// A trace is a text file that tells one story:
//
//	# a comment
//	speaks zim zimroom       the vocabularies it is told in
//	room StayOut             there is a room, and these are its policies
//	> Lost ReadEOF           what happens: an event, its reason, wire=, node=
//	  Ready -> Backoff ReadEOF
//	  room ConnLost: Joined -> Interrupted Interrupted
//	  zimroom (1,1)          what is said about it
//	  zim (3,3)
//	> room Leave             what happens to the room alone: also how=
//	= zim (1,1) | (2,0)      all that was said, in one line
//	= Backoff, wanted, timers backoff, outage
//	= room Detached, not wanted, no timers
//
// Comments and empty lines do not count, everything else does: replaying the
// lines that begin with > must give the whole file again.

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
	machine lifecycle.Machine
	state   lifecycle.State
	room    *room // nil: there is none
	at      time.Time
	begun   bool
	names   []string
	channel audience[messages.StatusChanged]
	inside  audience[messages.RoomChanged]
	lines   []string
}

// replay runs the events of a trace and gives the lines that it should have.
func replay(text string) (*story, error) {
	s := &story{
		machine: lifecycle.Machine{Strategy: lifecycle.StrategyFunc(func(lifecycle.Failure) lifecycle.Verdict {
			return lifecycle.Verdict{Delay: time.Second}
		})},
		at: time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC),
	}
	for _, line := range meaningful(text) {
		if err := s.read(line); err != nil {
			return nil, fmt.Errorf("%s: %w", line, err)
		}
	}
	s.conclude()
	return s, nil
}

func (s *story) read(line string) error {
	if names, ok := strings.CutPrefix(line, "speaks "); ok {
		return s.speak(strings.Fields(names))
	}
	if policies, ok := strings.CutPrefix(line, "room "); ok {
		return s.open(strings.Fields(policies))
	}
	if event, ok := strings.CutPrefix(line, "> room "); ok {
		return s.happenInside(strings.Fields(event))
	}
	if event, ok := strings.CutPrefix(line, "> "); ok {
		return s.happen(strings.Fields(event))
	}
	return nil
}

func (s *story) print(format string, args ...any) {
	s.lines = append(s.lines, strings.TrimRight(fmt.Sprintf(format, args...), " "))
}

func (s *story) tick() time.Time {
	s.begun, s.at = true, s.at.Add(time.Second)
	return s.at
}

func (s *story) speak(names []string) error {
	if s.names != nil {
		return errors.New("a trace says once what it speaks")
	}
	s.names = names
	for _, name := range names {
		if err := s.listen(name); err != nil {
			return err
		}
	}
	s.print("speaks %s", strings.Join(names, " "))
	return nil
}

// happen steps through one event of the channel and tells what an observer is
// told.
func (s *story) happen(words []string) error {
	o, err := parse(words, lifecycle.Kinds())
	if err != nil {
		return err
	}
	event := lifecycle.Event{Kind: o.kind, Reason: o.reason, At: s.tick()}
	s.print("> %s", strings.Join(words, " "))
	prev := s.state
	next, step, ok := s.machine.Step(prev, event)
	s.state = next
	switch {
	case !ok:
		s.print("  no row")
	case next.Status == prev.Status && step.Updated:
		s.print("  update %s", because(step.Reason))
	case next.Status == prev.Status:
		s.print("  stays %s", next.Status)
	default:
		s.print("  %s -> %s %s", prev.Status, next.Status, because(step.Reason))
	}
	s.follow(prev, next)
	if next.Status == prev.Status {
		return nil
	}
	for _, line := range s.channel.hear(messages.StatusChanged{
		Prev: prev.Status, Cur: next.Status, Reason: step.Reason, Attempt: next.Attempt,
		RetryIn: step.Delay, Epoch: next.Epoch, Planned: step.Planned, Node: o.node, At: event.At,
	}) {
		s.print("  %s", line)
	}
	return nil
}

func because(reason messages.Reason) string {
	if reason.Code == messages.ReasonOK {
		return ""
	}
	return reason.String()
}

// sequence is everything that was said in a vocabulary.
func (s *story) sequence(name string) (said string, ok bool) {
	if said, ok = s.channel.sequences()[name]; !ok {
		said, ok = s.inside.sequences()[name]
	}
	return said, ok
}

// conclude sums the story up.
func (s *story) conclude() {
	for _, name := range s.names {
		said, _ := s.sequence(name)
		s.print("= %s %s", name, said)
	}
	s.print("= %s, %s, %s", s.state.Status, wish(s.state.Up), timers(s.state.Timers.String()))
	if s.room != nil {
		s.print("= %s", s.room.conclude())
	}
}

func wish(wanted bool) string {
	if wanted {
		return "wanted"
	}
	return "not wanted"
}

func timers(armed string) string {
	if armed == "" {
		return "no timers"
	}
	return "timers " + armed
}
