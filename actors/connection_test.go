package actors

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/asynkron/protoactor-go/actor"
)

// A channel does not wait for its connection, whose end finds nobody then. That is
// nothing that a program should read in its log.
func TestAConnectionThatEndsAfterItsChannelIsNoDeadLetter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.connect()
		var logged atomic.Int64
		subscription := s.system.EventStream.Subscribe(func(event any) {
			letter, ok := event.(*actor.DeadLetterEvent)
			if !ok || !strings.HasPrefix(letter.PID.Id, s.pid.Id) {
				return
			}
			if _, quiet := letter.Message.(actor.IgnoreDeadLetterLogging); !quiet {
				logged.Add(1)
			}
		})
		defer s.system.EventStream.Unsubscribe(subscription)
		s.end()
		if n := logged.Load(); n != 0 {
			t.Errorf("there were %d dead letters", n)
		}
	})
}
