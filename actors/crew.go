package actors

import (
	"runtime"
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

// Crew runs the mailboxes of a fleet. A mailbox that has work is run by a
// goroutine; a fresh one for each would begin with a small stack and grow it
// every time, which costs more than most messages. So some goroutines are kept
// between two mailboxes, a few per processor, until the crew is closed.
//
// It implements actor.Dispatcher.
type Crew struct {
	work chan job
	new  chan job // for those who are about to begin
	join func()   // what they do
	quit chan struct{}
	once sync.Once
	idle chan struct{} // room for those who wait for work
}

// job is what the crew runs: a mailbox as it is, for a func of it would be garbage
// whenever an actor wakes, or a func.
type job interface{ run() }

type task func()

func (t task) run() { t() }

// perProcessor is how many goroutines are kept for each processor.
const perProcessor = 8

// turns is how many messages a mailbox may handle before others get a turn.
const turns = 300

var _ actor.Dispatcher = (*Crew)(nil)

// NewCrew makes a crew. Close it when its actors are gone.
func NewCrew() *Crew {
	c := &Crew{
		work: make(chan job),
		new:  make(chan job, perProcessor*runtime.GOMAXPROCS(0)),
		quit: make(chan struct{}),
		idle: make(chan struct{}, perProcessor*runtime.GOMAXPROCS(0)),
	}
	c.join = func() { c.serve(<-c.new) }
	return c
}

// Schedule runs a mailbox, on a goroutine that waits for work or on a new one.
func (c *Crew) Schedule(run func()) { c.take(task(run)) }

func (c *Crew) take(j job) {
	select {
	case c.work <- j: // somebody waits: a send to nobody does not happen
		return
	default:
	}
	select {
	case c.new <- j:
		go c.join() // a func that is there already: one for j would be garbage
	default:
		go c.serve(j)
	}
}

// Throughput implements actor.Dispatcher.
func (*Crew) Throughput() int { return turns }

// serve runs mailboxes for as long as there is work, or room to wait for it.
func (c *Crew) serve(j job) {
	for {
		j.run()
		select {
		case c.idle <- struct{}{}:
		default:
			return // enough others wait
		}
		select {
		case j = <-c.work:
			<-c.idle
		case <-c.quit:
			<-c.idle
			return
		}
	}
}

// Close lets those go who wait for work. Mailboxes that are scheduled later run
// all the same, on goroutines that end with them.
func (c *Crew) Close() { c.once.Do(func() { close(c.quit) }) }
