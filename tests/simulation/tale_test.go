package simulation

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// tale is what a register is told of one room, h0 of channel 0, and what the
// server made of it.
type tale struct {
	*register
	halls *halls
	hall  *hall
	seq   uint64
	at    messages.RoomStatus
}

// to is the next event of the room.
func (l *tale) to(status messages.RoomStatus, change func(*messages.RoomChanged)) {
	l.seq++
	e := messages.RoomChanged{Channel: "c0", Room: "h0", Seq: l.seq, Prev: l.at, Cur: status, At: time.Now()}
	if change != nil {
		change(&e)
	}
	l.at = status
	l.note(e)
}

func (l *tale) joined(offset uint64, change func(*messages.RoomChanged)) {
	l.to(messages.RoomJoined, func(e *messages.RoomChanged) {
		e.Position = messages.Position{Epoch: "e0", Offset: offset}
		if change != nil {
			change(e)
		}
	})
}

func (l *tale) hear(numbers ...uint64) {
	for _, n := range numbers {
		l.hears(messages.Received{Room: "h0", Data: fmt.Append(nil, n), Position: messages.Position{Epoch: "e0", Offset: n}})
	}
}

func (l *tale) channel(status messages.Status) {
	l.note(messages.StatusChanged{Channel: "c0", Epoch: 2, Cur: status})
}

func (l *tale) settle(ok, failed, gap int) {
	l.note(messages.RoomsSettled{Channel: "c0", Epoch: 2, OK: ok, Failed: failed, Gap: gap})
}

func recovered(e *messages.RoomChanged) { e.Recovered = true }

func gap(e *messages.RoomChanged) { e.Gap = true }

// away joins the room, which hears one message, and loses the connection.
func (l *tale) away() {
	l.to(messages.RoomJoining, nil)
	l.joined(2, nil)
	l.hear(3)
	l.to(messages.RoomInterrupted, nil)
	l.channel(messages.Ready)
	l.to(messages.RoomVerifying, nil)
}

// well is away, and back without a loss.
func (l *tale) well() {
	l.away()
	l.joined(4, recovered)
	l.settle(1, 0, 0)
	l.hear(4, 5)
}

func TestRegisterFindsWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		play func(*tale)
		want string
	}{
		"nothing": {(*tale).well, ""},
		"a gap that the server made": {func(l *tale) {
			l.hall.breaks[0] = map[int]bool{4: true}
			l.away()
			l.joined(4, gap)
			l.settle(1, 0, 1)
			l.hear(5)
			l.hearsGap(messages.Gap{Room: "h0", After: messages.Position{Epoch: "e0", Offset: 3}, Before: messages.Position{Epoch: "e0", Offset: 4}})
		}, ""},
		"a gap that the server did not make": {func(l *tale) {
			l.away()
			l.joined(4, gap)
			l.settle(1, 0, 1)
			l.hear(5)
			l.hearsGap(messages.Gap{Room: "h0", Before: messages.Position{Epoch: "e0", Offset: 4}})
		}, "could recover"},
		"a gap that nobody was called for": {func(l *tale) {
			l.hall.breaks[0] = map[int]bool{4: true}
			l.away()
			l.joined(4, gap)
			l.settle(1, 0, 1)
			l.hear(5)
		}, "called with []"},
		"a message is missing":     {func(l *tale) { l.away(); l.joined(4, recovered); l.settle(1, 0, 0); l.hear(5) }, "heard 5 after 3"},
		"the first is missing":     {func(l *tale) { l.to(messages.RoomJoining, nil); l.joined(3, nil); l.hear(5) }, "heard 5 after -1"},
		"a message comes twice":    {func(l *tale) { l.well(); l.hear(5) }, "heard 5 after 5"},
		"a message comes late":     {func(l *tale) { l.well(); l.hear(4); l.hear(5) }, "heard 4 after 5"},
		"the last never comes":     {func(l *tale) { l.away(); l.joined(4, recovered); l.settle(1, 0, 0); l.hear(4) }, "not the last one"},
		"a join says nothing":      {func(l *tale) { l.away(); l.joined(4, nil); l.settle(1, 0, 0); l.hear(4, 5) }, "begins a life"},
		"the server counts it out": {func(l *tale) { l.well(); delete(l.hall.guests, 0) }, "counts us in: false"},
		"a ghost": {func(l *tale) {
			l.well()
			l.want(false, "h0")
			l.to(messages.RoomLeaving, nil)
			l.to(messages.RoomDetached, nil)
		}, "a ghost"},
		"it stays although left":     {func(l *tale) { l.well(); l.want(false, "h0"); delete(l.hall.guests, 0) }, "it is not wanted"},
		"joined and not wanted":      {func(l *tale) { l.want(false, "h0"); time.Sleep(time.Nanosecond); l.well(); l.want(true, "h0") }, "nobody wants it"},
		"it ends for no reason":      {func(l *tale) { l.well(); l.to(messages.RoomKicked, nil); delete(l.hall.guests, 0) }, "the server said map[]"},
		"it ends against its policy": {func(l *tale) { l.well(); l.to(messages.RoomLost, nil); delete(l.hall.guests, 0) }, "the server said map[]"},
		"an event is missing":        {func(l *tale) { l.seq++; l.well() }, "at number 0"},
		"an event is not the next":   {func(l *tale) { l.well(); l.at = messages.RoomJoining; l.joined(4, recovered) }, "after Joined"},
		"settled wrongly":            {func(l *tale) { l.away(); l.joined(4, recovered); l.settle(0, 1, 0); l.hear(4, 5) }, "settled"},
		"settled twice":              {func(l *tale) { l.well(); l.settle(1, 0, 0) }, "due false"},
		"settled too early":          {func(l *tale) { l.away(); l.settle(1, 0, 0); l.joined(4, recovered); l.hear(4, 5) }, "due false"},
		"never settled":              {func(l *tale) { l.away(); l.joined(4, recovered); l.hear(4, 5) }, "nobody said so"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				halls := newHalls(1)
				l := &tale{halls: halls, hall: halls.list[0], register: newRegister([]messages.RoomSpec{{
					ID: "h0", Policy: messages.RoomPolicy{OnGap: messages.CallOnGap},
				}})}
				l.hall.said, l.hall.guests[0] = 5, &guest{}
				l.want(true, "h0")
				time.Sleep(time.Nanosecond)
				c.play(l)
				var got []string
				for _, wrong := range l.verdict(0, halls) {
					got = append(got, wrong.text)
				}
				all := strings.Join(got, "\n")
				if (c.want == "") != (all == "") || !strings.Contains(all, c.want) {
					t.Errorf("it found %q, not %q", all, c.want)
				}
			})
		})
	}
}

func TestPaceFindsWhatIsTooFast(t *testing.T) {
	for name, c := range map[string]struct {
		play func(*pace)
		want int
	}{
		"a window, answered, and another": {func(p *pace) {
			f := p.begin()
			for n := range uint64(4) {
				question := transport.Ticket{Room: messages.RoomID(fmt.Sprint(n)), Number: n}
				f.asks(question)
				f.hears(question)
				p.at[n] = time.Unix(int64(n), 0)
			}
		}, 0},
		"one more at once than the window": {func(p *pace) {
			f := p.begin()
			for n := range uint64(3) {
				f.asks(transport.Ticket{Room: messages.RoomID(fmt.Sprint(n)), Number: n})
				p.at[n] = time.Unix(int64(n), 0)
			}
		}, 1},
		"one more in a stretch of time": {func(p *pace) {
			f := p.begin()
			for n := range uint64(3) {
				f.asks(transport.Ticket{Room: "a", Number: n})
				f.leaves("a")
			}
		}, 1},
		"a room twice": {func(p *pace) {
			f := p.begin()
			f.asks(transport.Ticket{Room: "a", Number: 1})
			f.asks(transport.Ticket{Room: "a", Number: 2})
		}, 1},
	} {
		p := &pace{limits: paces[2]}
		c.play(p)
		if got := p.verdict(); len(got) != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
