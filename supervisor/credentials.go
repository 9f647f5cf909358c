package supervisor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// Credentials give the channels of one identity what they log in with. One value
// is one identity: put the same pointer into the Spec of every channel that logs
// in as it, also in several fleets.
//
//	alice := &supervisor.Credentials{Identity: "alice", Fetch: askTheTokenService}
//	ch, err := fleet.Open(ctx, supervisor.Spec{..., Credentials: alice})
//
// Its token reaches the server by what the channel has: the address callback, as
// AddressRequest.Token, puts it into a header or the query; the protocol, as
// Opening.Token, into its login. A backend that is asked for address and token
// together needs no Credentials at all: its AddressFunc returns both, as URL and
// Token of the Target.
//
// However many channels want a token, Fetch is called once, and never twice at
// the same moment: at the first login; when 80 to 90 % of a token's life are
// over, see [messages.TokenWillExpire]; and when a server has rejected it. What
// fails is not tried again before MinInterval. A call that nobody waits for any
// more is cancelled; a fleet that is closed waits for a call that it began and
// another fleet waits for, up to Timeout. The fields must not be changed
// once a channel has the value, and the value must not be copied.
type Credentials struct {
	// Identity says whose they are, for requests, errors and logs.
	Identity string
	// Token is what to begin with. Without Fetch it is all there is, until
	// Channel.Renew brings another: see StaticToken.
	Token messages.Token
	// Fetch gets the next token; nil: nobody can.
	Fetch TokenFunc
	// Timeout is how long Fetch may take; 0: 10 s. The attempt that waits for it
	// has Timeouts.Prepare.
	Timeout time.Duration
	// MinInterval is the least time between the beginnings of two calls of Fetch;
	// 0: 1 s. An attempt that would have to wait for longer than its
	// Timeouts.Prepare fails.
	MinInterval time.Duration

	mu     sync.Mutex
	asked  bool           // Token has been looked at
	kept   messages.Token // the newest
	begun  time.Time      // when Fetch was called last
	call   *call          // the call of Fetch that has not returned; there is never another
	change chan struct{}  // closed by the next Put
}

// TokenFunc fetches a token. It may block until ctx ends; a call that goes on
// after that keeps its place, and until it returns there is no other: what wants
// a token meanwhile fails with ReasonCredCallbackTimeout. It may call anything but
// Close and Drain of a fleet, which wait for it.
//
// A panic, an empty token and one that has expired already are
// ReasonCredCallbackError. So is an error, unless it is a [messages.Error] with
// a reason of its own: ReasonForbidden and ReasonCredUnavailable say that asking
// again is no use, and the channels fail for good.
type TokenFunc func(ctx context.Context, request TokenRequest) (messages.Token, error)

// TokenRequest tells a TokenFunc whose token is wanted, and instead of which.
type TokenRequest struct {
	Identity string
	// Last is the token that will not do any more: it ends soon, has expired, or
	// was rejected. Zero: there was none.
	Last messages.Token
}

// StaticToken gives the same token for ever: a user's name, which may be empty,
// and the proof of it. When a server rejects it often enough, or ends its login,
// the channels are Failed; [Channel.Renew] brings another one.
func StaticToken(user, secret string) *Credentials {
	return &Credentials{Identity: user, Token: messages.Token{User: user, Secret: messages.NewSecret(secret)}}
}

// Check reports everything that is wrong.
func (c *Credentials) Check() error {
	var errs []error
	if c.Fetch == nil && c.Token.Secret == (messages.Secret{}) {
		errs = append(errs, c.unusable("there is neither Fetch nor a Token with a Secret"))
	}
	if c.Timeout < 0 || c.Timeout == Never {
		errs = append(errs, c.unusable("Timeout is %s; it must end some time, and 0 means 10 s", c.Timeout))
	}
	if c.MinInterval < 0 || c.MinInterval == Never {
		errs = append(errs, c.unusable("MinInterval is %s; it must end some time, and 0 means 1 s", c.MinInterval))
	}
	return errors.Join(errs...)
}

func (c *Credentials) unusable(format string, args ...any) error {
	return c.failure(messages.ReasonInvalidSpec, nil, format, args...)
}

// failure is the one kind of error of credentials.
func (c *Credentials) failure(code messages.Code, err error, format string, args ...any) error {
	return &messages.Error{Op: c.String(), Reason: messages.Because(code, format, args...), Err: err}
}

// String says whose credentials they are, and nothing else.
func (c *Credentials) String() string {
	if c == nil {
		return "no credentials"
	}
	if c.Identity == "" {
		return "credentials"
	}
	return fmt.Sprintf("credentials of %q", c.Identity)
}

// GoString hides everything but the identity from %#v.
func (c *Credentials) GoString() string { return "supervisor.Credentials(" + c.String() + ")" }

// put replaces the token by one from outside. Whoever waits for Fetch gets it,
// and what a call that began before brings is not kept.
func (c *Credentials) put(token messages.Token) error {
	if token.Secret == (messages.Secret{}) {
		return c.unusable("the token is empty")
	}
	if token.Expired(time.Now()) {
		return c.failure(messages.ReasonCredExpired, nil, "the token expired at %s", token.Expires.Format(time.RFC3339))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked, c.kept = true, token
	if c.call != nil {
		c.call.overtaken = true
	}
	if c.change != nil {
		close(c.change)
		c.change = nil
	}
	return nil
}

// newest is the token that was kept last. The caller holds the lock.
func (c *Credentials) newest() messages.Token {
	if !c.asked {
		c.asked, c.kept = true, c.Token
	}
	return c.kept
}

// only answers for credentials that nobody can fetch: with the same token even
// if it was rejected, for that may be the server's mistake, and whether to go on
// is for AuthThreshold to say.
func (c *Credentials) only(token messages.Token) (messages.Token, error) {
	switch {
	case token.Secret == (messages.Secret{}):
		return token, c.failure(messages.ReasonCredUnavailable, nil, "there is no token, and no Fetch to get one; Renew")
	case token.Expired(time.Now()):
		return token, c.failure(messages.ReasonCredUnavailable, nil, "the token expired at %s, and there is no Fetch to get another; Renew", token.Expires.Format(time.RFC3339))
	}
	return token, nil
}
