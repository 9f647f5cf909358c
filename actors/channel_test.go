package actors

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

func TestChannelComesUpAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.ask(messages.Connect{})
		s.expect(`
			0s Queued UserConnect
			0s Preparing
			0s Dialing
			0s Authenticating
			0s Ready`)
		s.after(time.Minute)
		s.peer.last().fail(lost())
		s.after(10 * time.Second)
		s.expect(`
			1m0s Backoff ReadEOF
			1m1s Queued
			1m1s Preparing
			1m1s Dialing
			1m1s Authenticating
			1m1s Ready`)
		s.end()
	})
}
