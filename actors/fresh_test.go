package actors

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// resuming is a protocol that notes whether a session may be resumed, and whose
// first sessions are refused.
type resuming struct {
	transport.Protocol
	refuse int
	fresh  *[]bool
}

func (p *resuming) NewSession(opening transport.Opening) transport.Session {
	*p.fresh = append(*p.fresh, opening.Fresh)
	session := p.Protocol.NewSession(opening)
	if p.refuse > 0 {
		p.refuse--
		return refusing{session}
	}
	return session
}

type refusing struct{ transport.Session }

func (refusing) Open(transport.Link) error {
	return &messages.Error{Op: "resume", Reason: messages.Reason{Code: messages.ReasonSessionInvalid}}
}

func TestARefusedSessionIsNotResumedAgainUntilAnotherWasReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fresh []bool
		s := newStage(t, func(settings *Settings) {
			settings.Protocol = &resuming{transport.Raw(), 1, &fresh}
		})
		s.ask(messages.Connect{})
		s.after(10 * time.Second)
		s.peer.last().fail(lost())
		s.after(10 * time.Second)
		if got := fmt.Sprint(fresh); got != "[false true false]" {
			t.Errorf("the sessions were fresh: %s", got)
		}
		s.end()
	})
}
