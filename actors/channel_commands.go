package actors

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
)

// command runs what a user asked for and answers.
func (c *channel) command(ctx actor.Context, message any) {
	if c.over {
		c.reply(c.refusal("command", messages.Because(messages.ReasonNoSuchChannel, "the channel was closed")))
		return
	}
	switch m := message.(type) {
	case messages.Connect:
		c.reply(c.connectCommand(ctx, m))
	case messages.Disconnect:
		kind := lifecycle.Disconnect
		if m.Mode == messages.KeepRetrying {
			kind = lifecycle.Drop
		}
		c.step(ctx, lifecycle.Event{Kind: kind})
	case messages.Drain:
		c.drainFor = m.Within
		c.step(ctx, lifecycle.Event{Kind: lifecycle.Drain})
		c.drained(ctx)
	case messages.Pause:
		c.step(ctx, lifecycle.Event{Kind: lifecycle.Pause})
	case messages.Resume:
		c.step(ctx, lifecycle.Event{Kind: lifecycle.Resume})
	case messages.NetworkDown:
		c.step(ctx, lifecycle.Event{Kind: lifecycle.NetworkDown})
		if c.state.Status == messages.Ready && c.state.NetworkDown {
			c.conn.tell(&probe{})
		}
	case messages.NetworkUp:
		c.step(ctx, lifecycle.Event{Kind: lifecycle.NetworkUp})
	case messages.Redial:
		reason := messages.Reason{Code: messages.ReasonRedial, Detail: m.Why}
		c.step(ctx, lifecycle.Event{Kind: lifecycle.ForceReconnect, Reason: reason})
	case messages.Send:
		c.sendCommand(m)
	case messages.Ping:
		c.relay("ping", func(answer func(any)) { c.conn.tell(&beat{answer: answer}) })
	case messages.Renew:
		c.renewCommand(ctx, m.Token)
	case messages.Join, messages.Leave, messages.LeaveAll, messages.Switch, messages.GetRooms:
		c.roomCommand(ctx, m)
	case messages.GetStatus:
		c.reply(c.Snapshot())
	default:
		c.stale.Add(1)
		c.reply(c.refusal("command", messages.Because(messages.ReasonNotSupported, "a channel does not understand %T", message)))
	}
}

// step applies a command that cannot be refused.
func (c *channel) step(ctx actor.Context, event lifecycle.Event) {
	c.apply(ctx, event)
	c.reply(messages.Reply{Status: c.state.Status})
}

func (c *channel) connectCommand(ctx actor.Context, m messages.Connect) messages.Reply {
	kind := lifecycle.Connect
	switch {
	case c.state.Status == messages.Kicked && m.Takeover && c.outfought():
		reason := c.flapping(c.now.why())
		reason.Detail += "; another login takes every takeover back, so find it first, or try again later"
		return c.refusal("connect", reason)
	case c.state.Status == messages.Kicked && m.Takeover:
		kind = lifecycle.ConnectTakeover
	case c.state.Status == messages.Kicked:
		return c.refusal("connect", messages.Reason{
			Code: c.now.why().Code, Wire: c.now.why().Wire,
			Detail: "the channel was kicked; connect with Takeover if this side should win",
		})
	}
	if c.state.Status.Ended() {
		c.pardon()
		if c.state.Status != messages.Kicked {
			c.flaps = flaps{}
		}
	}
	c.apply(ctx, lifecycle.Event{Kind: kind})
	if c.state.Status == messages.Held {
		held := messages.Because(messages.ReasonPaused, "the channel is paused; resume it")
		if !c.state.Paused {
			held = messages.Because(messages.ReasonNetworkDown, "there is no network; the channel connects when it is back")
		}
		return c.refusal("connect", held)
	}
	return messages.Reply{Status: c.state.Status}
}

func (c *channel) sendCommand(m messages.Send) {
	receipt, err := c.Send(m.Message)
	if err != nil {
		c.reply(messages.Reply{Status: c.state.Status, Err: err})
		return
	}
	c.reply(messages.Accepted{ID: receipt.ID()})
}

// relay passes a question to the connection, which answers it.
func (c *channel) relay(op string, pass func(answer func(any))) {
	answer := c.answer
	if answer == nil {
		answer = func(any) {}
	}
	switch c.state.Status {
	case messages.Syncing, messages.Ready, messages.Draining:
		c.answer = nil
		q := &question{op: op, reply: answer}
		c.conn.asked.add(q)
		pass(q.answer)
	default:
		c.reply(c.refusal(op, notConnected(c.state.Status, c.now.why())))
	}
}

// refusal answers a command that was not taken.
func (c *channel) refusal(op string, reason messages.Reason) messages.Reply {
	return messages.Reply{
		Status: c.state.Status,
		Err:    &messages.Error{Op: op, Channel: c.Channel, Reason: reason},
	}
}

// drained ends a drain once every message has its outcome.
func (c *channel) drained(ctx actor.Context) {
	if c.state.Status == messages.Draining && c.outbox.empty() && c.leaveRooms(ctx) {
		c.apply(ctx, lifecycle.Event{Kind: lifecycle.Drained})
	}
}
