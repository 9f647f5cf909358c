package actors

import (
	"fmt"
	"strings"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// move is one thing that can happen in a storm.
type move struct {
	name string
	run  func(*storm)
}

// moves are chosen evenly: what should happen often is there more than once.
var moves = []move{
	{"time", func(m *storm) { m.sleep() }},
	{"time", func(m *storm) { m.sleep() }},
	{"time", func(m *storm) { m.sleep() }},
	{"time", func(m *storm) { m.sleep() }},
	{"command", func(m *storm) { m.command(m.anyCommand()) }},
	{"command", func(m *storm) { m.command(m.anyCommand()) }},
	{"connect", func(m *storm) { m.command(messages.Connect{}) }},
	{"connect", func(m *storm) { m.command(messages.Connect{Takeover: true}) }},
	{"burst", func(m *storm) {
		m.hurried = true
		for range 2 + m.dice.roll("more commands", 4) {
			m.command(m.anyCommand())
		}
		m.hurried = false
	}},
	{"send", func(m *storm) { m.sendOne() }},
	{"send", func(m *storm) {
		for range 1 + m.dice.roll("messages", 12) {
			m.sendOne()
		}
	}},
	{"end and send", func(m *storm) {
		m.sendOne()
		if s := m.peer.last(); s != nil && m.dice.roll("freeze", 2) == 0 {
			s.freeze()
		}
		m.sendOne()
		synctest.Wait()
		m.lose()
		synctest.Wait()
		m.sendOne()
	}},
	{"end and command", func(m *storm) {
		m.lose()
		m.command(m.anyCommand())
	}},
	{"end", func(m *storm) { m.lose() }},
	{"end", func(m *storm) { m.lose() }},
	{"freeze", func(m *storm) {
		if s := m.peer.last(); s != nil {
			s.freeze()
		}
	}},
	{"inbound", func(m *storm) {
		for range 1 + m.dice.roll("messages", 5) {
			m.arrive(pick(m.dice, "message", "hello", "hello", "SYNCED", "OK n2", "ACK 999", "GOAWAY 30s", "HEARTBEAT"))
		}
	}},
	{"take", func(m *storm) {
		for range 1 + m.dice.roll("messages", 5) {
			m.takes++
			m.arrive(fmt.Sprintf("TAKE %d", m.takes))
		}
	}},
	{"take and end", func(m *storm) {
		m.handlerMood(m.dice.roll("waits", 2) == 0)
		for range 1 + m.dice.roll("messages", 5) {
			m.takes++
			m.arrive(fmt.Sprintf("TAKE %d", m.takes))
		}
		synctest.Wait()
		if m.dice.roll("how", 2) == 0 {
			m.lose()
		} else {
			m.command(m.anyCommand())
		}
		for range m.dice.roll("more messages", 5) {
			m.takes++
			m.arrive(fmt.Sprintf("TAKE %d", m.takes))
		}
	}},
	{"unsure", func(m *storm) { m.set(func() { m.unsure = true }) }},
	{"question", func(m *storm) {
		m.arrive(pick(m.dice, "question", "ASK tea", "ASK tea", "ASK wait", "ASK wait", "ASK panic", "ASK goexit", "KNOCK"))
	}},
	{"dedupes", func(m *storm) {
		if m.status() == messages.Ready {
			m.learned = true // from now on anything may be written twice
			m.arrive("DEDUPES")
		}
	}},
	{"bug", func(m *storm) { m.arrive(pick(m.dice, "bug", "handler's bug", "BOOM")) }},
	{"strategy's bug", func(m *storm) { m.set(func() { m.bug = true }) }},
	{"peer", func(m *storm) { m.weather() }},
	{"peer", func(m *storm) { m.weather() }},
	{"address", func(m *storm) {
		address := pick(m.dice, "address", "", "", "error", "forbidden", "rubbish", "panic", "slow", "hung")
		m.note("address %s", address)
		m.set(func() {
			if m.address = address; address == "hung" && m.hung == nil {
				m.hung = make(chan struct{})
			}
		})
	}},
	{"syncer", func(m *storm) {
		sync := pick(m.dice, "sync", "", "", "error", "panic", "slow", "hung")
		m.note("syncer %s", sync)
		m.set(func() {
			if m.sync = sync; sync == "hung" && m.stuck == nil {
				m.stuck = make(chan struct{})
			}
		})
	}},
	{"handler", func(m *storm) { m.handlerMood(m.dice.roll("waits", 2) == 0) }},
	{"gate", func(m *storm) {
		shut, delay := m.dice.roll("shut", 3) == 0, pick(m.dice, "delay", 0, time.Second, 15*time.Second)
		m.note("gate shut %v, delay %v", shut, delay)
		m.gate.set(func(g *turnstile) { g.shut, g.delay = shut, delay })
	}},
	{"stale", func(m *storm) { m.haunt() }},
	{"calm", func(m *storm) { m.calm() }},
}

func (m *storm) step() {
	move := pick(m.dice, "move", moves...)
	m.note("%s", move.name)
	move.run(m)
	synctest.Wait()
	m.inspect(func(*channel) {
		if ref := m.record.conn; ref != nil && (len(m.old) == 0 || m.old[len(m.old)-1] != ref) {
			m.old = append(m.old, ref)
		}
	})
}

func (m *storm) sleep() {
	d := pick(m.dice, "for", time.Millisecond, 100*time.Millisecond, time.Second, time.Second, 3*time.Second, 11*time.Second, 31*time.Second, time.Minute, 130*time.Second)
	m.note("+%v", d)
	m.after(d)
}

func (m *storm) anyCommand() any {
	command := pick[any](m.dice, "command",
		messages.Connect{}, messages.Connect{Takeover: true},
		messages.Disconnect{}, messages.Disconnect{Mode: messages.KeepRetrying},
		messages.Drain{}, messages.Drain{Within: 2 * time.Second},
		messages.Pause{}, messages.Resume{}, messages.Redial{Why: "storm"},
		messages.NetworkDown{}, messages.NetworkUp{},
		messages.Ping{}, messages.Renew{}, "rubbish")
	m.note("%T%v", command, command)
	return command
}

func (m *storm) sendOne() {
	id := messages.MessageID(len(m.accepted) + 1)
	message := messages.Text(fmt.Sprintf("MSG %d", id) + strings.Repeat(".", pick(m.dice, "size", 0, 0, 0, 40, 200)))
	message.TTL = pick(m.dice, "ttl", 0, 0, time.Second, 20*time.Second)
	message.AllowDuplicate = m.dice.roll("duplicate", 3) == 0
	if m.dice.roll("type", 10) == 0 {
		message.Type = "unsupported"
	}
	if receipt, err := m.record.Send(message); err == nil {
		m.accepted = append(m.accepted, receipt)
		m.resent[receipt.ID()] = message.AllowDuplicate || m.record.Protocol.Traits().Deduplicates
		m.note("message %d, %d bytes, ttl %v, duplicate %v", id, len(message.Data), message.TTL, message.AllowDuplicate)
	}
}

func (m *storm) lose() {
	s := m.peer.last()
	if s == nil {
		return
	}
	code := pick(m.dice, "close code", 0, 0, 1000, 1001, 1006, 1011, 4001, 4002, 4003, 4004, 4005, 4006)
	m.note("end %d", code)
	if code == 0 {
		s.fail(lost())
		return
	}
	s.fail(peerClose(code, ""))
}

func (m *storm) arrive(text string) {
	if s := m.peer.last(); s != nil {
		m.note("peer> %s", text)
		s.send(text)
	}
}

// weather changes how the peer takes to what comes.
func (m *storm) weather() {
	what := pick(m.dice, "weather", "refuse", "refuse", "stall", "late", "nothing", "panic", "deaf", "frozen", "mute", "silent", "nacks", "unanswered", "good")
	refusal := pick(m.dice, "refusal", messages.ReasonRefused, messages.ReasonRefused, messages.ReasonForbidden, messages.ReasonAuthRejected, messages.ReasonRateLimited)
	linger := pick(m.dice, "linger", 0, 1500*time.Millisecond, 15*time.Second)
	m.note("the peer: %s, sockets close within %v", what, linger)
	m.peer.set(func(p *peer) {
		p.refuse, p.stall, p.late, p.dial = nil, false, 0, nil
		switch what {
		case "refuse":
			p.refuse = &messages.Error{Op: "dial", Reason: messages.Reason{Code: refusal, RetryAfter: 3 * time.Second}}
		case "stall":
			p.stall = true
		case "late":
			p.late = 12 * time.Second
		case "nothing":
			p.dial = func() (transport.Conn, error) { return nil, nil }
		case "panic":
			p.dial = func() (transport.Conn, error) { panic("the dialer's bug") }
		}
		p.deaf, p.frozen, p.mute = what == "deaf", what == "frozen", what == "mute"
		p.linger = linger
	})
	m.set(func() { m.silent, m.nacks, m.unanswered = what == "silent", what == "nacks", what == "unanswered" })
}

func (m *storm) handlerMood(waits bool) {
	m.set(func() {
		switch {
		case waits && m.handler == nil:
			m.handler = make(chan struct{})
		case !waits && m.handler != nil:
			close(m.handler)
			m.handler = nil
		}
	})
}

// haunt lets connections that are gone speak: nothing may come of it.
func (m *storm) haunt() {
	type look struct {
		state         lifecycle.State
		seq           uint64
		node, reached string
	}
	var ghosts []*connection
	var before, after look
	m.inspect(func(*channel) {
		r := m.record
		before = look{r.state, r.now.seq, r.now.node, *r.now.reached}
		for _, ref := range m.old {
			if ref != r.conn {
				ghosts = append(ghosts, ref)
			}
		}
	})
	if len(ghosts) == 0 {
		return
	}
	ghost := pick(m.dice, "ghost", ghosts...)
	message := pick[any](m.dice, "says",
		&prepared{word: word{from: ghost}, endpoint: "elsewhere:1"}, &dialed{word: word{from: ghost}}, &loggedIn{word: word{from: ghost}, login: transport.Login{Node: "ghost", Sync: true}},
		&loggedIn{word: word{from: ghost}}, &synced{word: word{from: ghost}}, &heard{word: word{from: ghost}, probe: true}, &goAway{word: word{from: ghost}, within: time.Second},
		&renewed{word: word{from: ghost}}, &ended{from: ghost}, &admitted{ask: &ask{}}, &tick{}, &flush{})
	m.note("a ghost says %T", message)
	m.record.tell(message)
	m.inspect(func(*channel) {
		r := m.record
		after = look{r.state, r.now.seq, r.now.node, *r.now.reached}
	})
	if before != after {
		m.breach("9: a stale %T changed %+v into %+v", message, before, after)
	}
}

// calm mends everything.
func (m *storm) calm() {
	m.handlerMood(false)
	m.set(func() {
		m.address, m.bug, m.silent, m.nacks, m.unanswered, m.unsure = "", false, false, false, false, false
		if m.hung != nil {
			close(m.hung)
			m.hung = nil
		}
		m.sync = ""
		if m.stuck != nil {
			close(m.stuck)
			m.stuck = nil
		}
	})
	m.peer.set(func(p *peer) {
		p.refuse, p.stall, p.late, p.dial, p.linger = nil, false, 0, nil, 0
		p.deaf, p.frozen, p.mute = false, false, false
	})
	m.gate.set(func(g *turnstile) { g.shut, g.delay = false, 0 })
}
