package actors

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// The connection ends while the question is on its way to it, or is there
// already: messages to an actor that failed are never handled.
func TestPingOfALostConnectionIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.connect()
		s.peer.last().fail(lost())
		reply, _ := s.ask(messages.Ping{}).(messages.Reply)
		if !errors.Is(reply.Err, messages.ReasonNotConnected) {
			t.Errorf("the answer is %v", reply)
		}
		s.expect(`0s Backoff ReadEOF`)
		s.after(time.Minute)
		s.end()
	})
}
