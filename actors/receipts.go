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

// returns collects the slips of one connection, from whichever goroutine ends
// them, until its actor looks: there is one message for many.
type returns struct {
	notify func()

	mu    sync.Mutex
	slips []returned
}

func (r *returns) add(one returned) {
	r.mu.Lock()
	first := len(r.slips) == 0
	r.slips = append(r.slips, one)
	r.mu.Unlock()
	if first {
		r.notify()
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
func (l *link) slip(p transport.Publication) slip {
	if p.Receipt == nil {
		return slip{}
	}
	if l.returns == nil {
		self, root := l.ctx.Self(), l.ctx.ActorSystem().Root
		l.returns = &returns{notify: func() { root.Send(self, &taken{}) }}
	}
	return slip{l.returns, p.Receipt}
}

// taken tells the session what handlers took.
func (c *connection) taken(ctx actor.Context) {
	session, ok := c.session.(transport.Taker)
	if !ok {
		return
	}
	for _, s := range c.link.returns.take() {
		if err := session.Taken(&c.link, s.receipt, s.taken); err != nil {
			c.lose(ctx, err)
			return
		}
	}
}
