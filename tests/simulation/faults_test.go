package simulation

import (
	"context"
	"fmt"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
)

// faults are what can happen to a world, and when. Rates are per channel, so
// that the hour is as hard for any number of channels: each sends every minute and
// more than it can hold every hour, is hit by something about every five minutes
// and gets a command every ten; every few minutes something happens to all.
type faults struct {
	*world
	due     map[string]time.Time // of what happens to everybody
	paused  map[int]bool
	offline map[int]bool
}

func newFaults(w *world) *faults {
	f := &faults{world: w, due: map[string]time.Time{}, paused: map[int]bool{}, offline: map[int]bool{}}
	for _, what := range order {
		if every, ok := disasters[what]; ok {
			f.plan(what, every)
		}
	}
	return f
}

// disasters come about so often.
var disasters = map[string]time.Duration{
	"cut": 8 * time.Minute, "restart": 10 * time.Minute, "slow": 15 * time.Minute,
	"reset": 25 * time.Minute, "drop": 25 * time.Minute,
}

// order is the order in which what is due at the same tick happens: ranging over
// a map would be another story every time.
var order = []string{"cut", "mend", "restart", "up", "slow", "fast", "reset", "drop"}

// plan draws when something happens: evenly from half to one and a half of that.
func (f *faults) plan(what string, in time.Duration) {
	f.due[what] = time.Now().Add(in/2 + time.Duration(f.random.Int64N(int64(in))))
}

// times draws how often something happens in this tick that happens to each
// channel about every so often.
func (f *faults) times(every time.Duration) int {
	mean := float64(len(f.ledgers)) * float64(tick) / float64(every)
	n := int(mean)
	if f.random.Float64() < mean-float64(n) {
		n++
	}
	return n
}

func (f *faults) somebody() int { return f.random.IntN(len(f.ledgers)) }

// strike is one tick.
func (f *faults) strike() {
	now := time.Now()
	for _, what := range order {
		if at, planned := f.due[what]; planned && !at.After(now) {
			delete(f.due, what)
			f.disaster(what)
		}
	}
	for range f.times(time.Minute) {
		f.send(f.somebody(), 1, 0)
	}
	for range f.times(time.Hour) {
		f.send(f.somebody(), 60, 0) // more than the outbox holds
	}
	for range f.times(6 * time.Hour) {
		f.send(f.somebody(), 30, 16<<10) // more than a socket and the window of a connection hold
	}
	for range f.times(2 * time.Minute) {
		f.push(f.somebody(), "", 1)
	}
	for range f.times(20 * time.Minute) {
		i := f.somebody()
		f.push(i, "slow", 2)
		f.push(i, "", 20) // more than the inbox holds
	}
	for range f.times(30 * time.Minute) {
		f.panicIn(f.somebody())
	}
	for range f.times(5 * time.Minute) {
		f.accident(f.somebody())
	}
	for range f.times(10 * time.Minute) {
		f.command(f.somebody())
	}
}

func (f *faults) disaster(what string) {
	switch what {
	case "cut":
		f.cutOff()
		f.plan("mend", time.Minute)
	case "mend":
		f.mend()
		f.plan("cut", disasters["cut"])
	case "restart":
		f.server.Down()
		if f.random.IntN(2) == 0 {
			f.hurtAll("dropped by a restart")
			f.server.Drop()
		} else {
			f.hurtAll("reset by a restart")
			f.server.Reset()
		}
		f.proclaim("the server goes down")
		f.plan("up", 20*time.Second)
	case "up":
		f.up()
		f.plan("restart", disasters["restart"])
	case "slow":
		f.slow()
		f.plan("fast", 3*time.Minute)
	case "fast":
		f.fast()
		f.plan("slow", disasters["slow"])
	case "reset":
		f.hurtAll("reset by the network")
		f.network.Reset()
		f.proclaim("the network resets everything")
		f.plan(what, disasters[what])
	case "drop":
		f.hurtAll("dropped by the network")
		f.network.Drop()
		f.proclaim("the network drops everything")
		f.plan(what, disasters[what])
	}
}

func (f *faults) up() {
	if err := f.server.Up(); err != nil {
		f.t.Errorf("seed %d: %v", f.seed, err)
	}
	f.proclaim("the server is up")
}

// send sends some messages, a twentieth of them with a short life.
func (f *faults) send(i, count, padding int) {
	for range count {
		ttl := time.Duration(0)
		if f.random.IntN(20) == 0 {
			ttl = 10 * time.Second
		}
		if err := f.ledgers[i].send(f.handles[i], "", ttl, padding); err != nil {
			f.expect(i, "send", err, messages.ReasonOutboxFull)
		}
	}
}

// push makes the server send to the channel, on whatever connection it has.
func (f *faults) push(i int, order string, count int) {
	l := f.ledgers[i]
	living := l.living()
	if len(living) == 0 {
		return
	}
	for range count {
		l.mu.Lock()
		l.pushed++
		number := l.pushed
		if order != "" {
			l.tell("server: message %d, the handler is to be %s about it", number, order)
		}
		l.mu.Unlock()
		text := fmt.Sprint(number)
		if order != "" {
			text += " " + order
		}
		living[len(living)-1].conn.Send(text)
	}
}

// panicIn makes the handler panic, well within its budget.
func (f *faults) panicIn(i int) {
	l := f.ledgers[i]
	l.mu.Lock()
	recently := time.Since(l.panicked) < time.Minute
	if !recently {
		l.panicked = time.Now()
	}
	l.mu.Unlock()
	if !recently {
		f.happened("handler told to panic")
		f.push(i, "panic", 1)
	}
}

// accident does something to one connection.
func (f *faults) accident(i int) {
	l := f.ledgers[i]
	living := l.living()
	if len(living) == 0 {
		return
	}
	v := living[len(living)-1]
	switch f.random.IntN(7) {
	case 0:
		f.happened("dropped")
		f.hurt(l, v, "dropped")
		v.conn.Drop()
	case 1:
		f.happened("reset")
		f.hurt(l, v, "reset")
		v.conn.Reset()
	case 2:
		f.happened("half-open")
		f.hurt(l, v, "half-open")
		v.conn.HalfOpen()
		if f.random.IntN(8) == 0 {
			f.send(i, 30, 16<<10) // into the void, until it is full
		}
	case 3:
		f.happened("silent")
		v.conn.Silence() // it reads on: nothing is lost
	case 4:
		f.happened("no pongs")
		v.conn.IgnorePings()
	case 5:
		f.happened("slow pongs")
		v.conn.DelayPongs(time.Duration(f.random.Int64N(int64(20 * time.Second))))
	case 6:
		code := []int{0, 1000, 1001, 1002, 1005, 1006, 1011, 1012, 1013, 3012, 4000}[f.random.IntN(11)]
		f.happened("close frame")
		l.kicks(v, code)
		v.conn.Kick(code, "accident")
	}
}

// command gives one of a user's commands.
func (f *faults) command(i int) {
	ctx, ch := context.Background(), f.handles[i]
	asked := time.Now()
	var what string
	var err error
	switch roll := f.random.IntN(6); {
	case f.paused[i] && roll < 4:
		what, err = "resume", ch.Resume(ctx)
		delete(f.paused, i)
	case f.offline[i] && roll < 4:
		what, err = "network up", ch.NetworkUp(ctx)
		delete(f.offline, i)
	case roll == 0:
		what, err = "pause", ch.Pause(ctx)
		f.paused[i] = true
	case roll == 1:
		what, err = "network down", ch.NetworkDown(ctx)
		f.offline[i] = true
	case roll < 4:
		what, err = "redial", ch.Redial(ctx, "because")
	default:
		what, err = "disconnect and keep retrying", ch.Disconnect(ctx, messages.KeepRetrying)
	}
	f.happened(what)
	f.ledgers[i].mu.Lock()
	f.ledgers[i].tell("command: %s: %v", what, err)
	f.ledgers[i].mu.Unlock()
	if took := time.Since(asked); took > 0 {
		f.t.Errorf("seed %d, %s: %s was answered after %s", f.seed, ch.ID(), what, took)
	}
	if err != nil {
		f.expect(i, what, err, messages.ReasonPaused, messages.ReasonNetworkDown)
	}
}

// expect counts an answer that says no, and fails on any other error.
func (f *faults) expect(i int, what string, err error, reasons ...messages.Code) {
	reason, ok := messages.ReasonOf(err)
	for _, code := range reasons {
		if ok && reason.Code == code {
			f.happened(fmt.Sprintf("%s: %s", what, code))
			return
		}
	}
	f.t.Errorf("seed %d, %s: %s: %v", f.seed, f.ledgers[i].id, what, err)
}

// heal takes everything back that lasts.
func (f *faults) heal() {
	f.calm.Store(true)
	f.proclaim("everything is healed")
	f.mend()
	f.up()
	f.fast()
	for i := range f.ledgers {
		f.undo(i, f.paused, (*supervisor.Channel).Resume)
		f.undo(i, f.offline, (*supervisor.Channel).NetworkUp)
	}
}

func (f *faults) undo(i int, done map[int]bool, by func(*supervisor.Channel, context.Context) error) {
	if !done[i] {
		return
	}
	if err := by(f.handles[i], context.Background()); err != nil {
		f.t.Errorf("seed %d, %s: %v", f.seed, f.ledgers[i].id, err)
	}
}
