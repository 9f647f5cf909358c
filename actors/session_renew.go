package actors

import (
	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// renewal is a fresh token on its way to the server.
type renewal struct {
	write func() error
	done  func(error) // it was written, or never will be
}

// renew presents fresh credentials, if the protocol can.
func (c *connection) renew(m *renew) {
	refuse := func(reason messages.Reason) {
		m.answer(messages.Reply{Err: &messages.Error{Op: "renew", Channel: c.rec.Channel, Reason: reason}})
	}
	renewer, ok := c.session.(transport.Renewer)
	if !ok {
		refuse(messages.Because(messages.ReasonNotSupported,
			"the protocol %q cannot renew on a live connection; redial, and let the next login have fresh credentials", c.rec.Protocol.Name()))
		return
	}
	side := c.sideline()
	side.renewals = append(side.renewals, renewal{
		write: func() error { return renewer.Renew(c.link(), m.token) },
		done: func(err error) {
			if err != nil {
				refuse(c.rec.secrets.veil(transport.ReasonOf(err, messages.ReasonProtocolError)))
				return
			}
			m.answer(messages.Reply{Status: messages.Ready})
		},
	})
	c.retryRenewals()
}

// renewRoom presents a fresh token for a room, where the protocol can. Where it
// cannot, the room ends with its token and is joined again with another one.
func (c *connection) renewRoom(m *roomRenew) {
	renewer, ok := c.session.(transport.RoomRenewer)
	if !ok {
		return
	}
	side := c.sideline()
	side.renewals = append(side.renewals, renewal{
		write: func() error {
			before := c.frames
			err := renewer.RenewRoom(c.link(), m.ticket, m.token)
			if err != nil && c.frames == before && blamesRoom(transport.ReasonOf(err, messages.ReasonProtocolError).Code) {
				return nil // as if the server had said no
			}
			return err
		},
		done: func(error) {},
	})
	c.retryRenewals()
}

// retryRenewals writes what the socket will take of them. A token that comes a
// moment later is as good; the rest waits until the socket has taken what was
// written before.
func (c *connection) retryRenewals() {
	for c.sidelines != nil && len(c.renewals) > 0 && !c.over && !c.leaving {
		r, before := c.renewals[0], c.frames
		err := r.write()
		if err != nil && c.frames == before && transport.ReasonOf(err, messages.ReasonWriteError).Code == messages.ReasonSlowConsumer {
			return
		}
		c.renewals = c.renewals[1:]
		r.done(err)
		if err != nil {
			c.lose(err)
		}
	}
}
