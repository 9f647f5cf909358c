package actors

import (
	"slices"
	"sync"

	"github.com/seed14814784/holdfast/messages"
)

// secrets are what a channel was given last to log in with. Peers, libraries and
// callbacks repeat what they were given, in errors and in panics; whatever they
// say has stars there before anybody is shown it.
//
// It is used by every goroutine of the channel. Its zero value is ready.
type secrets struct {
	mu   sync.Mutex
	last []messages.Secret // the newest first
}

// maxSecrets is how many a channel remembers: an attempt may bring two, one of the
// credentials and one of the address, and servers speak of the one before.
const maxSecrets = 8

// learn takes note of a token.
func (s *secrets) learn(token messages.Token) {
	if token.Secret == (messages.Secret{}) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.last, token.Secret); i >= 0 {
		s.last = slices.Delete(s.last, i, i+1)
	}
	s.last = slices.Insert(s.last[:min(len(s.last), maxSecrets-1)], 0, token.Secret)
}

// hide returns the text with stars where a secret was.
func (s *secrets) hide(text string) string {
	if text == "" {
		return text
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range s.last {
		text = secret.Hide(text)
	}
	return text
}

// veil returns the reason with stars where a secret was.
func (s *secrets) veil(reason messages.Reason) messages.Reason {
	reason.Detail, reason.Wire.Text = s.hide(reason.Detail), s.hide(reason.Wire.Text)
	return reason
}
