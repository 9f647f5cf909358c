package actors

import (
	"sync"

	"github.com/seed14814784/holdfast/transport"
)

// slip goes with a message whose session wants to know what becomes of it. The
// zero slip is of a message that nobody asks about.
type slip struct {
	to      *returns
	receipt any
}

// end sends the slip back, once.
func (s slip) end(taken bool) {
	if s.to != nil {
		s.to.add(returned{s.receipt, taken})
	}
}

// returned is a slip that came back.
type returned struct {
	receipt any
	taken   bool
}

// returns collects the slips of a channel, from whichever goroutine ends them,
// until a connection that is logged in looks: there is one message for many. What
// comes back between two connections is for the next one.
type returns struct {
	mu     sync.Mutex
	slips  []returned
	notify func() // nil: nobody looks
}

func (r *returns) add(one returned) {
	r.mu.Lock()
	first, notify := len(r.slips) == 0, r.notify
	r.slips = append(r.slips, one)
	r.mu.Unlock()
	if first && notify != nil {
		notify()
	}
}

// watch has somebody else told, who is told at once of what is there already.
func (r *returns) watch(notify func()) {
	r.mu.Lock()
	r.notify = notify
	due := len(r.slips) > 0 && notify != nil
	r.mu.Unlock()
	if due {
		notify()
	}
}

// next takes the first slip. Those behind it stay until their turn: the connection
// may end over this one.
func (r *returns) next() (first returned, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.slips) == 0 {
		return returned{}, false
	}
	first = r.slips[0]
	r.slips[0] = returned{}
	if r.slips = r.slips[1:]; len(r.slips) == 0 {
		r.slips = nil
	}
	return first, true
}

// returning is for the connection's goroutine alone, as is the field.
func (r *Record) returning() *returns {
	if r.returns == nil {
		r.returns = &returns{}
	}
	return r.returns
}

// slip is what goes with a publication. Where nobody looks at what comes back,
// nothing does.
func (c *connection) slip(p transport.Publication) slip {
	if _, looks := c.session.(transport.Taker); !looks || p.Receipt == nil {
		return slip{}
	}
	return slip{c.rec.returning(), p.Receipt}
}

// watchReturns has this connection told of what handlers took, if its session
// wants to know.
func (c *connection) watchReturns() {
	if _, ok := c.session.(transport.Taker); ok {
		c.rec.returning().watch(func() { c.tell(&taken{}) })
	}
}

// taken tells the session what handlers took. After its goodbye it can do nothing
// about that any more: what comes back then is for the next one.
func (c *connection) taken() {
	session, ok := c.session.(transport.Taker)
	for ok && !c.leaving {
		s, some := c.rec.returning().next()
		if !some {
			return
		}
		if err := session.Taken(c.link(), s.receipt, s.taken); err != nil {
			c.lose(err)
			return
		}
	}
}
