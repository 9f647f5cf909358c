package membership

import (
	"fmt"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
)

// goWait counts a failure and waits as the strategy says, or gives up.
func goWait(m *move) {
	m.missed()
	m.Attempt = min(m.Attempt+1, lifecycle.MaxAttempt)
	m.step.Counted = true
	verdict := m.machine.verdict(lifecycle.Failure{
		Channel:   m.event.Channel,
		Attempt:   m.Attempt,
		Elapsed:   max(0, m.event.At.Sub(m.OutSince)),
		Reason:    m.step.Reason,
		Stable:    m.Stable,
		LastDelay: m.LastDelay,
	})
	if verdict.GiveUp != messages.ReasonOK {
		giveUp(m, verdict.GiveUp)
		return
	}
	m.enter(messages.RoomWaiting, TimerRetry)
	m.LastDelay = min(max(verdict.Delay, lifecycle.MinDelay), lifecycle.MaxDelay)
	m.step.Delay = m.LastDelay
}

// giveUp ends the room with a code of ours, and keeps what led to it. The count
// stays, for those who ask how often it was tried.
func giveUp(m *move, code messages.Code) {
	if cause := m.step.Reason; cause.Code != code {
		m.step.Reason = messages.Reason{
			Code: code, Wire: cause.Wire,
			Detail: fmt.Sprintf("after %s; last: %s", attempts(m.Attempt), cause),
		}
	}
	m.step.Owes = m.Ghost
	tried := m.Attempt
	goEnd(messages.RoomFailed)(m)
	m.Attempt = tried
}

func attempts(n int) string {
	if n == 1 {
		return "1 attempt"
	}
	return fmt.Sprintf("%d attempts", n)
}
