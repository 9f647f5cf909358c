package actors

import (
	"sync"

	"github.com/asynkron/protoactor-go/actor"

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

func (r *returns) take() []returned {
	r.mu.Lock()
	defer r.mu.Unlock()
	slips := r.slips
	r.slips = nil
	return slips
}

// slip is what goes with a publication.
func (r *Record) slip(p transport.Publication) slip {
	if p.Receipt == nil {
		return slip{}
	}
	return slip{&r.returns, p.Receipt}
}

// watchReturns has this connection told of what handlers took, if its session
// wants to know.
func (c *connection) watchReturns(ctx actor.Context) {
	if _, ok := c.session.(transport.Taker); ok {
		self, root := ctx.Self(), ctx.ActorSystem().Root
		c.rec.returns.watch(func() { root.Send(self, &taken{}) })
	}
}

// taken tells the session what handlers took.
func (c *connection) taken(ctx actor.Context) {
	session, ok := c.session.(transport.Taker)
	if !ok {
		return
	}
	for _, s := range c.rec.returns.take() {
		if err := session.Taken(&c.link, s.receipt, s.taken); err != nil {
			c.lose(ctx, err)
			return
		}
	}
}
