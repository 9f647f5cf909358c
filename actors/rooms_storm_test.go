package actors

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/seed14814784/holdfast/messages"
)

// crowd is a hotel in a storm, and what is believed about it.
type crowd struct {
	*hotel
	rooms  []string
	wanted map[string]bool
	specs  map[string]messages.RoomSpec
	said   map[string]int // messages that the server has in each room's log

	// under the stage's lock
	heard   map[string]uint64 // the last offset that a handler was given
	gaps    map[string]uint64 // what comes up to that offset may be missing
	joined  map[string]bool   // as observers were told
	last    map[string]messages.RoomStatus
	seq     uint64
	breach  []string
	slips   slips
	joinAsk []time.Duration // when a join or a verify reached the server
}

func newCrowd(t reporter) *crowd {
	c := &crowd{
		rooms:  []string{"a", "b", "c", "d", "e"},
		wanted: map[string]bool{}, specs: map[string]messages.RoomSpec{}, said: map[string]int{},
		heard: map[string]uint64{}, gaps: map[string]uint64{}, joined: map[string]bool{}, last: map[string]messages.RoomStatus{},
	}
	c.hotel = newHotel(t, c.rooms, func(s *Settings) {
		s.Rooms.JoinWindow, s.Rooms.JoinRate = 3, 5
		s.Handler = c.hear
	})
	c.watch = c.see
	c.lobby.given = c.slips.given
	c.lobby.told = func(receipt any, taken bool) error {
		c.slips.told(receipt, taken)
		return nil
	}
	c.peer.set(func(p *peer) {
		p.heard, p.calm = nil, true
		p.answers = func(s *socket, message string) {
			if message[0] == 'J' || message[0] == 'V' {
				c.mu.Lock()
				c.joinAsk = append(c.joinAsk, time.Since(c.start))
				c.mu.Unlock()
			}
			c.lobby.answer(s, message)
		}
	})
	return c
}

func (c *crowd) bad(format string, args ...any) {
	c.breach = append(c.breach, fmt.Sprintf(format, args...))
}

// hear is the handler: in every room offsets rise, and what is left out was
// reported as a gap.
func (c *crowd) hear(m messages.Received) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slips.hear(m.Meta)
	room, offset := string(m.Room), m.Position.Offset
	last := c.heard[room]
	switch {
	case string(m.Data) != fmt.Sprintf("%s%d", room, offset):
		c.bad("%s: %q has offset %d", room, m.Data, offset)
	case offset <= last:
		c.bad("%s: %d came after %d", room, offset, last)
	case offset > last+1 && c.gaps[room] < offset-1:
		c.bad("%s: %d came after %d, and the last gap reached %d", room, offset, last, c.gaps[room])
	}
	c.heard[room] = offset
}

// see is the observer.
func (c *crowd) see(event messages.Event) {
	if e, ok := event.(messages.StatusChanged); ok && e.Cur.Ended() {
		c.lobby.logout()
	}
	e, ok := event.(messages.RoomChanged)
	if !ok {
		return
	}
	room := string(e.Room)
	if e.Prev != c.last[room] || e.Cur == e.Prev {
		c.bad("%s went %s -> %s, and was %s", room, e.Prev, e.Cur, c.last[room])
	}
	if e.Seq != c.seq+1 {
		c.bad("event %d came after %d", e.Seq, c.seq)
	}
	c.seq, c.last[room] = e.Seq, e.Cur
	c.joined[room] = e.Cur == messages.RoomJoined
	switch {
	case !e.Cur.Ended():
	case e.Reason.Code == messages.ReasonConnTerminal || e.Reason.Code == messages.ReasonParentStopped || e.Reason.Code == messages.ReasonKickedFromRoom:
		c.wanted[room] = false
	case c.wanted[room]:
		c.bad("%s is %s because of %s, and wanted", room, e.Cur, e.Reason)
	}
	if e.Cur == messages.RoomJoined && (e.Gap || e.Reason.Code == messages.ReasonJoined) {
		c.gaps[room] = max(c.gaps[room], e.Position.Offset) // a first join begins with what comes
	}
}

// move does one thing to the crowd.
func (c *crowd) move(t *rapid.T) {
	room := rapid.SampledFrom(c.rooms).Draw(t, "room")
	switch rapid.SampledFrom([]string{
		"join", "join", "join", "leave", "say", "say", "say", "lose", "silence", "speak", "forget", "remember",
		"trim", "epoch", "evict", "detach", "wait", "wait", "rooms crash", "channel crash", "outage", "repair",
	}).Draw(t, "move") {
	case "join":
		spec, ok := c.specs[room]
		if !ok {
			spec = named(room)
			c.specs[room] = spec
		}
		c.want(room, true)
		if reply, ok := c.ask(messages.Join{Room: spec}).(messages.Reply); !ok || reply.Err != nil {
			c.want(room, false)
		}
	case "leave":
		c.want(room, false)
		c.ask(messages.Leave{Room: messages.RoomID(room)})
	case "say":
		c.say(room)
	case "lose":
		if s := c.peer.last(); s != nil {
			s.fail(lost())
		}
	case "silence":
		verb := rapid.SampledFrom([]string{"JOIN", "LEAVE", "VERIFY"}).Draw(t, "verb")
		c.lobby.set(func(l *lobby) { l.silent[verb+" "+room] = true })
	case "speak":
		c.lobby.set(func(l *lobby) { clear(l.silent) })
	case "forget":
		c.lobby.set(func(l *lobby) { l.forget = true })
	case "remember":
		c.lobby.set(func(l *lobby) { l.forget = false })
	case "trim":
		c.lobby.set(func(l *lobby) { l.halls[room].trimmed = len(l.halls[room].log) })
	case "epoch": // offsets go on rising, so that hear can tell; what was kept is worthless
		c.lobby.set(func(l *lobby) { l.epoch += "'" })
	case "evict":
		if c.isIn(room) {
			c.lobby.tell(room, "EVICTED")
		}
	case "detach":
		if c.isIn(room) {
			c.lobby.tell(room, "DETACHED")
		}
	case "rooms crash":
		if pid := c.record.rooms.Load(); pid != nil {
			c.system.Root.Send(pid, &roomToken{})
		}
	case "channel crash":
		c.inspect(func(*channel) { panic("a bug") })
	case "outage":
		c.peer.set(func(p *peer) { p.refuse = lost() })
	case "repair":
		c.peer.set(func(p *peer) { p.refuse = nil })
	case "wait":
		c.after(time.Duration(rapid.IntRange(0, 40_000).Draw(t, "ms")) * time.Millisecond)
	}
	synctest.Wait()
	c.judge()
}

func (c *crowd) want(room string, is bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wanted[room] = is
}

func (c *crowd) isIn(room string) bool {
	c.lobby.mu.Lock()
	defer c.lobby.mu.Unlock()
	return c.lobby.halls[room].in != nil
}

func (c *crowd) say(room string) {
	c.said[room]++
	c.lobby.publish(room, fmt.Sprintf("%s%d", room, c.said[room]))
}

// judge looks at what must hold at every quiet moment.
func (c *crowd) judge() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for room, joined := range c.joined {
		if joined && c.record.Snapshot().Status != messages.Ready {
			c.bad("%s is joined while the channel is %s", room, c.record.Snapshot().Status)
		}
		if !c.wanted[room] && (c.last[room] == messages.RoomJoined || c.last[room] == messages.RoomJoining) {
			c.bad("%s is %s, and nobody wants it", room, c.last[room])
		}
	}
}

// heal makes everything well and waits until it must be.
func (c *crowd) heal() {
	c.peer.set(func(p *peer) { p.refuse = nil })
	c.lobby.set(func(l *lobby) { clear(l.silent); l.forget = false })
	c.ask(messages.Connect{})
	c.after(3 * time.Minute)
	if c.status() == messages.Ready { // leaves that were not heard are told at the next contact
		c.peer.last().fail(lost())
		c.after(time.Minute)
	}
	var want []string
	for _, room := range c.rooms {
		if c.wanted[room] {
			want = append(want, room)
		}
	}
	if got := c.lobby.members(); c.record.Snapshot().Status == messages.Ready && !slices.Equal(got, want) {
		c.bad("the server has us in %v, wanted are %v (%v)", got, want, c.last)
	}
	for _, room := range want {
		if c.statusOf(messages.RoomID(room)) != messages.RoomJoined {
			c.bad("%s is %s", room, c.statusOf(messages.RoomID(room)))
		}
		c.say(room)
	}
	c.after(time.Second)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, room := range want {
		if c.heard[room] != uint64(c.said[room]) {
			c.bad("%s: heard up to %d of %d", room, c.heard[room], c.said[room])
		}
	}
	c.pace()
	if c.record.Snapshot().Status == messages.Ready {
		c.breach = append(c.breach, c.slips.settle()...)
	}
}

// pace checks every window of time for the rate at which the server was asked.
func (c *crowd) pace() {
	const window, rate = 3, 5
	for i := range c.joinAsk {
		for j := i; j < len(c.joinAsk); j++ {
			most := window + rate*(c.joinAsk[j]-c.joinAsk[i]).Seconds() + 0.001
			if n := float64(j - i + 1); n > most {
				c.bad("%v questions within %s", n, c.joinAsk[j]-c.joinAsk[i])
				return
			}
		}
	}
}

func TestRoomsKeepTheirPromisesInAnyStorm(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rapid.SyncTest(rt, func(rt *rapid.T) {
			c := newCrowd(rt)
			c.ask(messages.Connect{})
			for range rapid.IntRange(1, 40).Draw(rt, "moves") {
				c.move(rt)
			}
			c.heal()
			c.end()
			for _, b := range c.breach {
				rt.Error(b)
			}
		})
	})
}
