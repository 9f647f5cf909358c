package actors

import (
	"context"
	"errors"
	"runtime/debug"

	"github.com/seed14814784/holdfast/transport"
)

// answered is what somebody else than the peer said to a session's question.
type answered struct {
	quiet
	answer any
	crash  *crash // of the question
}

// Ask runs a question in a goroutine of its own.
func (l *link) Ask(question func(ctx context.Context) any) {
	c, side := l.connection(), l.connection().sideline()
	if side.asking == nil {
		side.asking, side.hush = context.WithCancel(context.Background())
	}
	asking := side.asking
	c.rec.Workers.Go(func() {
		said := answered{crash: &crash{Value: errors.New("a question ended its goroutine")}}
		defer func() { // whatever the question does, runtime.Goexit included
			if v := recover(); v != nil {
				said.crash = &crash{Value: v, Stack: debug.Stack()}
			}
			c.tell(&said)
		}()
		said.answer = question(asking)
		said.crash = nil
	})
}

// answered gives an answer to the session that asked, unless it has said goodbye.
func (c *connection) answered(m *answered) {
	if m.crash != nil {
		panic(*m.crash)
	}
	session, ok := c.session.(transport.Asker)
	if !ok || c.leaving {
		return
	}
	if err := session.Answered(c.link(), m.answer); err != nil {
		c.lose(err)
	}
}
