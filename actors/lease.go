package actors

import (
	"context"
	"errors"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
)

// lease is the login of a channel's connection: with what it was made, and for
// how long it is good. It is set at the login and by every renewal, and runs
// while the channel is Ready; an end that passes while catching up is noticed
// then.
//
// It may end on our clock, by the token, and on the server's, which says so or
// just closes the connection. Either may come first. Ours leads to CredExpired;
// the server's ending leads there too if the protocol knows it for one, and else
// to an ordinary retry, whose login finds the token expired, or rejected.
type lease struct {
	token    messages.Token     // of the last attempt, or what has renewed it since
	own      bool               // the token is the address's, and nothing to the credentials
	offered  messages.Token     // presented on the live connection, not accepted yet
	ends     time.Time          // zero: never, or nobody knows
	told     bool               // observers know that it ends
	troubled bool               // and that it could not be renewed so far
	rotate   bool               // there is a new token, which only a fresh connection can use
	question *fetched           // to the credentials, not answered yet
	cancel   context.CancelFunc // ends it
}

// unleased is the lease of all channels that log in with nothing. It is only read.
var unleased = &lease{}

// let is the lease to be changed.
func (r *Record) let() *lease {
	if r.lease == unleased {
		r.lease = &lease{}
	}
	return r.lease
}

// To the channel.
type (
	// fetched is a question to the credentials, and their answer.
	fetched struct {
		word
		token messages.Token
		err   error
	}
	// offered is what the connection made of a token; err is nil if it was sent.
	offered struct {
		word
		err error
	}
)

// leased notes a login, or its renewal. The token and the server may disagree
// about the end; the earlier one counts.
func (c *channel) leased(token messages.Token, ttl time.Duration) {
	c.restLease()
	ends := token.Expires
	if ttl > 0 {
		if at := time.Now().Add(ttl); ends.IsZero() || at.Before(ends) {
			ends = at
		}
	}
	if token.IsZero() && ends.IsZero() {
		c.lease = unleased
		return
	}
	c.lease = &lease{token: token, own: c.lease.own && token == c.lease.token, ends: ends}
}

// runLease sets the deadlines of a login that ends: somewhere between 80 and
// 90 % of what is left it is renewed, so that many channels with one token do
// not ask for the next at the same moment.
func (c *channel) runLease() {
	if c.state.Status != messages.Ready || c.lease.ends.IsZero() {
		return
	}
	c.clock.arm(renewSlot, max(c.scatter(time.Until(c.lease.ends), 0.8, 0.9), 1))
	c.clock.set(leaseSlot, c.lease.ends)
}

// restLease clears those deadlines. An answer that is under way finds nobody.
func (c *channel) restLease() {
	c.clock.cancel(renewSlot)
	c.clock.cancel(leaseSlot)
	if c.lease.question != nil {
		c.lease.cancel()
		c.lease.question, c.lease.cancel = nil, nil
	}
}

// leaseEnding tells observers that the login ends soon, once, and asks the
// credentials for what comes next, until they have it.
func (c *channel) leaseEnding(ctx actor.Context) {
	if !c.lease.told {
		c.let().told = true
		c.Observer.Publish(messages.TokenWillExpire{Channel: c.Channel, Expires: c.lease.ends, At: time.Now()}, nil)
	}
	if c.Credentials == nil || c.lease.own {
		return // an address callback is asked at the next attempt
	}
	call, cancel := context.WithTimeout(context.Background(), c.Timeouts.Prepare)
	answer := &fetched{word: word{from: c.conn}, err: credentialsError(messages.Because(messages.ReasonCredCallbackError, "the credentials ended their goroutine"), nil)}
	l := c.let()
	l.question, l.cancel = answer, cancel
	self, root, rec, stale := ctx.Self(), ctx.ActorSystem().Root, c.Record, c.lease.token
	c.Workers.Go(func() {
		defer cancel()
		defer func() { root.Send(self, answer) }() // whatever the credentials do, runtime.Goexit included
		answer.token, answer.err = rec.token(call, stale)
	})
}

// fetched presents the next token, or plans another try: when half of the time
// is left that there is now, as RFC 2131, 4.4.5, does with leases of addresses,
// but not within a second. Some credentials give the next token only shortly
// before the last one ends; that is no trouble.
func (c *channel) fetched(ctx actor.Context, m *fetched) {
	if m != c.lease.question {
		return // the login was renewed from outside meanwhile
	}
	c.lease.question, c.lease.cancel = nil, nil
	switch {
	case m.err == nil && m.token == c.lease.offered:
		return // it came from outside, and is on its way
	case m.err == nil && m.token != c.lease.token:
		c.offer(ctx, m.token, func(any) {})
		return
	}
	if m.err != nil && !c.lease.troubled {
		c.let().troubled = true
		reason, _ := messages.ReasonOf(m.err)
		c.Observer.Publish(messages.Finding{
			Channel: c.Channel, Reason: c.secrets.veil(reason), At: time.Now(),
			Advice: "the credentials could not be renewed, and the login ends at " + clockTime(c.lease.ends) + "; mend the callback, or Renew",
		}, nil)
	}
	c.clock.arm(renewSlot, max(c.scatter(time.Until(c.lease.ends), 0.4, 0.6), time.Second))
}

// offer presents a token on the live connection.
func (c *channel) offer(ctx actor.Context, token messages.Token, answer func(any)) {
	c.let().offered = token
	c.secrets.learn(token)
	self, root, from := ctx.Self(), ctx.ActorSystem().Root, c.conn
	c.conn.tell(&renew{token: token, answer: func(reply any) {
		answer(reply)
		r, _ := reply.(messages.Reply)
		root.Send(self, &offered{word: word{from: from}, err: r.Err})
	}})
}

// offered plans a fresh connection if the live one cannot take the token: at any
// moment before the login ends, so that the channels of one identity do not all
// come at once.
func (c *channel) offered(m *offered) {
	if m.err != nil {
		c.let().offered = messages.Token{}
	}
	if c.Credentials == nil || !errors.Is(m.err, messages.ReasonNotSupported) || c.state.Status != messages.Ready || c.lease.ends.IsZero() {
		return
	}
	c.let().rotate = true
	c.clock.cancel(renewSlot)
	c.clock.arm(leaseSlot, max(c.scatter(time.Until(c.lease.ends), 0, 0.9), 1))
}

// renewed notes that the server has accepted what was offered, or has prolonged
// the login by itself.
func (c *channel) renewed(ctx actor.Context, ttl time.Duration) {
	token := c.lease.token
	if !c.lease.offered.IsZero() {
		token = c.lease.offered
	}
	c.leased(token, ttl)
	c.runLease()
	c.apply(ctx, lifecycle.Event{Kind: lifecycle.RenewOK})
}

// leaseOver ends a login that was not renewed in time, or that only a fresh
// connection can renew.
func (c *channel) leaseOver(ctx actor.Context) {
	event := lifecycle.Event{Kind: lifecycle.CredExpired}
	switch {
	case c.lease.rotate:
		event.Reason = messages.Because(messages.ReasonRotation, "the login ends at %s, and the protocol %q cannot renew it on a live connection", clockTime(c.lease.ends), c.Protocol.Name())
	case c.refreshable():
		event.Reason = messages.Because(messages.ReasonCredExpired, "the login ended at %s and was not renewed before", clockTime(c.lease.ends))
	default:
		event.Kind = lifecycle.CredExpiredNoProvider
		event.Reason = messages.Because(messages.ReasonCredExpired, "the login ended at %s, and there is no callback that could renew it", clockTime(c.lease.ends))
	}
	c.blame(event.Reason)
	c.apply(ctx, event)
}

// refreshable reports whether somebody can be asked for another token.
func (c *channel) refreshable() bool { return c.Refreshable || c.lease.own }

// renewCommand takes a token that came from outside: for the live connection,
// and for every login from now on if the channel has credentials to keep it.
func (c *channel) renewCommand(ctx actor.Context, token messages.Token) {
	if c.Credentials != nil {
		if err := c.Credentials.Put(token); err != nil {
			reason, _ := messages.ReasonOf(err)
			c.reply(c.refusal("renew", reason))
			return
		}
		if !c.state.HasTransport() || c.state.Status == messages.Authenticating || c.state.Status == messages.Closing {
			c.reply(messages.Reply{Status: c.state.Status}) // the next login has it
			return
		}
	}
	c.relay("renew", func(answer func(any)) { c.offer(ctx, token, answer) })
}
