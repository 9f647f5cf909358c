package actors

import (
	"slices"
	"sync/atomic"

	"github.com/seed14814784/holdfast/messages"
)

// secrets are what a channel was given last to log in with. Peers, libraries and
// callbacks repeat what they were given, in errors and in panics; whatever they
// say has stars there before anybody is shown it.
//
// It is used by every goroutine of the channel. Its zero value is ready.
type secrets struct {
	last atomic.Pointer[[]messages.Secret] // the newest first; nil: there was none
}

// maxSecrets is how many a channel remembers: an attempt may bring two, one of the
// credentials and one of the address, and servers speak of the one before.
const maxSecrets = 8

// learn takes note of a token.
func (s *secrets) learn(token messages.Token) {
	if token.Secret == (messages.Secret{}) {
		return
	}
	for {
		before, now := s.last.Load(), []messages.Secret{token.Secret}
		if before != nil {
			if (*before)[0] == token.Secret {
				return
			}
			others := slices.DeleteFunc(slices.Clone(*before), func(known messages.Secret) bool { return known == token.Secret })
			now = append(now, others[:min(len(others), maxSecrets-1)]...)
		}
		if s.last.CompareAndSwap(before, &now) {
			return
		}
	}
}

// hide returns the text with stars where a secret was.
func (s *secrets) hide(text string) string {
	known := s.last.Load()
	if text == "" || known == nil {
		return text
	}
	for _, secret := range *known {
		text = secret.Hide(text)
	}
	return text
}

// veil returns the reason with stars where a secret was.
func (s *secrets) veil(reason messages.Reason) messages.Reason {
	reason.Detail, reason.Wire.Text = s.hide(reason.Detail), s.hide(reason.Wire.Text)
	return reason
}
