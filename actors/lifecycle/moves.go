package lifecycle

import (
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// move is one transition in the making: the state on its way from what it was
// to what it becomes, and the step that is going to be asked for.
type move struct {
	State
	machine Machine
	event   Event
	step    Step
}

func (m *move) arm(timers ...Timer)    { m.Timers = m.Timers.With(timers...) }
func (m *move) cancel(timers ...Timer) { m.Timers = m.Timers.Without(timers...) }

// hush stops everything that is timed about the attempt. The outage goes on.
func hush(m *move) {
	m.Timers &= Timers(0).With(TimerOutage)
	m.Stable = false
}

// dispose ends the attempt: its timers, its connection, whatever is in flight.
// It comes before the next status is entered, so that there are never two.
func dispose(m *move) {
	if m.HasTransport() || m.InFlight() {
		m.step.Dispose = true
	}
	hush(m)
}

// outageOn starts the clock of the outage, unless it runs or has run out.
func outageOn(m *move) {
	if m.Long || m.Timers.Has(TimerOutage) {
		return
	}
	m.OutageSince = m.event.At
	m.arm(TimerOutage)
}

// outageOff ends the outage.
func outageOff(m *move) {
	m.OutageSince, m.Long = time.Time{}, false
	m.cancel(TimerOutage)
}

// goHeld waits until nothing holds the channel back. The reason says what does,
// whatever led here: it is all that an observer has to tell the holds apart. A
// hint may be wrong, so it is probed; a pause is not.
func goHeld(m *move) {
	dispose(m)
	outageOn(m)
	hold := messages.ReasonNetworkDown
	if m.Paused {
		hold = messages.ReasonPaused
	} else {
		m.arm(TimerProbe)
	}
	if m.Status != messages.Held {
		m.Status = messages.Held
		m.blame(hold, "held back after")
	}
}

// goQueue asks for a new attempt. It is the only way to the wire.
func goQueue(m *move) {
	dispose(m)
	if m.Held() {
		goHeld(m)
		return
	}
	outageOn(m)
	m.Status = messages.Queued
	m.Refreshed = false
}

// goTerminal ends the channel's life until it is told to connect.
func goTerminal(m *move, status messages.Status) {
	dispose(m)
	outageOff(m)
	m.Status = status
	m.Up, m.Reopen, m.Refreshed = false, false, false
}

// goClosed ends a leaving channel, or reopens it if Connect came meanwhile.
func goClosed(m *move) {
	if m.Reopen && m.Up {
		m.Reopen, m.Attempt, m.AuthFailures = false, 0, 0
		m.step.Reason = messages.Reason{Code: messages.ReasonUserConnect}
		goQueue(m)
		return
	}
	goTerminal(m, messages.Closed)
}

// goClosing says goodbye. The connection is kept, for the handshake only.
func goClosing(m *move) {
	hush(m)
	outageOff(m)
	m.Status = messages.Closing
	m.arm(TimerClose)
}

// goReady opens the channel for use. Attempt stays: a login proves nothing yet.
func goReady(m *move) {
	m.cancel(TimerAuth, TimerSync)
	outageOff(m)
	m.Status = messages.Ready
	m.Stable, m.AuthFailures, m.Refreshed = false, 0, false
	m.arm(TimerLiveness, TimerPing, TimerStable, TimerRotate)
}

// goSync catches up after the login.
func goSync(m *move) {
	m.cancel(TimerAuth)
	m.Status = messages.Syncing
	m.arm(TimerSync, TimerLiveness, TimerPing)
}
