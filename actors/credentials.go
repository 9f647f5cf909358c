package actors

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// Credentials give the tokens that a channel logs in with. They may be shared
// by any number of channels, and are safe for concurrent use.
type Credentials interface {
	// Token gives a token that has not expired and is not the stale one, if there
	// is one to be had: the zero Token is never stale. It blocks until ctx ends
	// at the latest. The error carries a reason; one that is final (there is none,
	// and none to be had) ends the channel.
	Token(ctx context.Context, stale messages.Token) (messages.Token, error)
	// Put takes a token that came from elsewhere, for whoever asks next. It does
	// not block; its error says what is wrong with the token.
	Put(token messages.Token) error
}

// token asks the credentials, and turns a panic into an error.
func (r *Record) token(ctx context.Context, stale messages.Token) (token messages.Token, err error) {
	if r.Credentials == nil {
		return messages.Token{}, nil
	}
	defer func() {
		if v := recover(); v != nil {
			what := fmt.Sprintf("the credentials panicked: %v", v)
			r.report(what, debug.Stack())
			token, err = messages.Token{}, credentialsError(messages.Because(messages.ReasonCredCallbackError, "%s", what), nil)
		}
	}()
	token, err = r.Credentials.Token(ctx, stale)
	r.secrets.learn(token)
	if _, ok := messages.ReasonOf(err); err != nil && !ok {
		err = credentialsError(messages.Because(messages.ReasonCredCallbackError, "%v", err), err)
	}
	return token, err
}

func credentialsError(reason messages.Reason, err error) error {
	return &messages.Error{Op: "credentials", Reason: reason, Err: err}
}

// resolveWith finds out with what an attempt logs in, and where: first the
// credentials are asked, then the address, which may have a token of its own.
func (r *Record) resolveWith(ctx context.Context, request transport.AddressRequest, stale messages.Token) (transport.Target, messages.Token, error) {
	token, err := r.token(ctx, stale)
	if err != nil {
		return transport.Target{}, token, err
	}
	request.Token = token
	target, err := r.resolve(ctx, request)
	r.secrets.learn(target.Token)
	if own := target.Token; !own.IsZero() {
		if token = own; err == nil && own.Expired(time.Now()) {
			err = callbackError(messages.Because(messages.ReasonCredCallbackError, "the address callback: its token has expired at %s", clockTime(own.Expires)), nil)
		}
	}
	return target, token, err
}

// clockTime is a moment as people are told.
func clockTime(at time.Time) string { return at.Format(time.RFC3339) }
