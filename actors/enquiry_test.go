package actors

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestASessionHearsWhatOthersAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) { settings.Protocol = script{} })
		s.connect()
		s.peer.last().send("ASK tea")
		s.after(0)
		s.expect(`0s peer got "answered tea"`)
		s.end()
	})
}

// What is asked for a connection is no business of the next one.
func TestAnAnswerThatComesAfterTheEndOfItsConnectionIsNotHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) { settings.Protocol = script{} })
		s.connect()
		s.peer.last().send("ASK wait")
		synctest.Wait()
		s.peer.last().fail(lost())
		s.after(5 * time.Second)
		s.expect(`
			0s Backoff ReadEOF
			2s Queued
			2s Preparing
			2s Dialing
			2s Authenticating
			2s Ready`)
		s.end()
	})
}

func TestAQuestionThatPanicsCostsItsConnection(t *testing.T) {
	for _, how := range []string{"panic", "goexit"} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, func(settings *Settings) { settings.Protocol = script{} })
				s.connect()
				s.peer.last().send("ASK " + how)
				s.after(0)
				s.expect(`0s Backoff ActorPanic`)
				s.after(time.Minute)
				s.end()
			})
		})
	}
}
