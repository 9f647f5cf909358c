package lifecycle

import (
	"fmt"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// goWait answers the end of an attempt: count it if it counts, then hold still,
// give up, or wait as the strategy says.
func goWait(m *move, counted bool) {
	stable := m.Stable
	dispose(m)
	outageOn(m)
	if counted {
		m.Attempt = min(m.Attempt+1, MaxAttempt)
		m.step.Counted = true
	}
	switch {
	case m.Held():
		goHeld(m)
	case m.event.GiveUp != messages.ReasonOK:
		giveUp(m, m.event.GiveUp)
	default:
		consult(m, stable)
	}
}

// consult asks the strategy and does what it says.
func consult(m *move, stable bool) {
	verdict := m.machine.verdict(Failure{
		Channel:   m.event.Channel,
		Attempt:   m.Attempt,
		Elapsed:   m.elapsed(),
		Reason:    m.step.Reason,
		Stable:    stable,
		Planned:   m.step.Planned && !m.step.Counted, // what counts must not get the short wait of a plan
		Suspended: m.Long,
		LastDelay: m.LastDelay,
	})
	if verdict.GiveUp != messages.ReasonOK {
		giveUp(m, verdict.GiveUp)
		return
	}
	if verdict.Suspend && !m.Long {
		outlast(m)
	}
	m.Status = messages.Backoff
	if m.Long {
		m.Status = messages.Suspended
	}
	m.LastDelay = min(max(verdict.Delay, MinDelay), MaxDelay)
	m.step.Delay = m.LastDelay
	m.arm(TimerBackoff)
	m.step.Rearm = m.step.Rearm.With(TimerBackoff) // a panic or a long outage can end one wait with the next
}

// outlast notes that the outage is longer than the session could live.
func outlast(m *move) {
	m.cancel(TimerOutage)
	m.Long = true
	m.step.ForgetSession = true
}

// giveUp ends the channel with a code of ours, and keeps what led to it.
func giveUp(m *move, code messages.Code) {
	m.blame(code, "after %s; last:", times(m.Attempt, "attempt"))
	goTerminal(m, messages.Failed)
}

// blame puts a code of ours before the cause. The peer's own words are kept,
// and the cause is told in the detail; a cause of the same code is kept whole.
func (m *move) blame(code messages.Code, format string, args ...any) {
	cause := m.step.Reason
	if cause.Code == code {
		return
	}
	m.step.Reason = messages.Reason{
		Code:   code,
		Wire:   cause.Wire,
		Detail: fmt.Sprintf(format, args...) + " " + cause.String(),
	}
}

func (m *move) elapsed() time.Duration {
	if m.OutageSince.IsZero() {
		return 0
	}
	return max(0, m.event.At.Sub(m.OutageSince))
}

func times(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
