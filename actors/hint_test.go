package actors

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

func TestNetworkHintNeverDropsAWorkingSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.connect()
		s.after(time.Minute)
		s.ask(messages.NetworkDown{})
		s.after(time.Hour)
		s.expect(`1m0s updated NetworkUp`) // the probe was answered
		s.end()
	})
}

// While the handler works nothing is read, by our own intent: the answer to the
// probe waits in the socket.
func TestNetworkHintNeverDropsASocketWhoseHandlerIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		s := newStage(t, slowly(gate))
		s.connect()
		for range 20 {
			s.peer.last().send("hello")
		}
		s.after(time.Second)
		s.ask(messages.NetworkDown{})
		s.after(2 * time.Minute)
		s.expect(``)
		close(gate)
		synctest.Wait()
		s.after(time.Minute)
		if s.status() != messages.Ready || s.record.Snapshot().Delivered != 20 {
			t.Errorf("the channel is %s, %d messages came", s.status(), s.record.Snapshot().Delivered)
		}
		s.end()
	})
}

func TestHintThatIsRightEndsADeadSocketQuickly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.connect()
		s.after(time.Minute)
		s.peer.last().freeze()
		s.ask(messages.NetworkDown{})
		s.after(30 * time.Second)
		s.expect(`1m10s Held NetworkDown`)
		s.ask(messages.NetworkUp{})
		s.expect(`
			1m30s Queued NetworkUp
			1m30s Preparing
			1m30s Dialing
			1m30s Authenticating
			1m30s Ready`)
		s.end()
	})
}

func TestNetworkHintNeverDropsASocketWhoseHeartbeatsAreOneWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) { settings.Keepalive.OneWay = true })
		s.connect()
		s.peer.set(func(p *peer) { p.deaf = true })
		s.after(time.Minute)
		s.ask(messages.NetworkDown{})
		s.after(time.Hour)
		s.expect(``)
		s.end()
	})
}

func TestLostHintNeverStrands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.ask(messages.NetworkDown{})
		s.ask(messages.Connect{})
		s.after(2 * time.Minute)
		s.expect(`
			0s Held NetworkDown
			1m0s Queued NetworkUp
			1m0s Preparing
			1m0s Dialing
			1m0s Authenticating
			1m0s Ready`)
		s.end()
	})
}

func TestSendIsAcceptedWhileHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.ask(messages.Connect{})
		s.ask(messages.Disconnect{})
		s.ask(messages.Pause{})
		s.skip()
		s.ask(messages.Connect{})
		s.send("one")
		s.after(time.Hour)
		s.ask(messages.Resume{})
		s.expect(`
			0s Held Paused
			1h0m0s Queued Resumed
			1h0m0s Preparing
			1h0m0s Dialing
			1h0m0s Authenticating
			1h0m0s Ready
			1h0m0s peer got "one"
			1h0m0s #1 Written`)
		s.end()
	})
}

func TestPauseOutlastsTheNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.connect()
		s.ask(messages.Pause{})
		s.ask(messages.NetworkDown{})
		s.after(time.Hour)
		s.ask(messages.NetworkUp{})
		s.after(time.Hour)
		s.expect(`
			0s Held Paused
			1h0m0s updated NetworkUp`)
		s.end()
	})
}
