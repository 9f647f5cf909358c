package actors

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// A server that never says why may mean the token. Another one is tried at once,
// once before each wait. It never ends the channel, for nobody knows.
func TestSuspectedCredentialsAreRenewedBeforeItSlowsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := withTokens(t, &vault{}, nil)
		s.peer.answers = func(s *socket, message string) {
			if message == "LOGIN t4" {
				s.send("OK n1")
				return
			}
			s.send("SUSPECT")
		}
		s.ask(messages.Connect{})
		s.after(20 * time.Second)
		s.expect(`
			0s Queued UserConnect
			0s Preparing
			0s Dialing
			0s Authenticating
			0s Preparing AuthSuspected
			0s Dialing
			0s Authenticating
			0s Backoff AuthSuspected
			0s peer got "LOGIN t1"
			0s peer got "LOGIN t2"
			2s Queued
			2s Preparing
			2s Dialing
			2s Authenticating
			2s Preparing AuthSuspected
			2s Dialing
			2s Authenticating
			2s Backoff AuthSuspected
			2s peer got "LOGIN t2"
			2s peer got "LOGIN t3"
			6s Queued
			6s Preparing
			6s Dialing
			6s Authenticating
			6s Preparing AuthSuspected
			6s Dialing
			6s Authenticating
			6s Ready
			6s peer got "LOGIN t3"
			6s peer got "LOGIN t4"`)
		s.end()
	})
}
