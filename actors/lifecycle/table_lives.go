package lifecycle

import "github.com/seed14814784/holdfast/messages"

// What happens to a connection that is there.
var lives = []Row{
	line(54, of(messages.Ready), StableDue, always, 0, messages.ReasonOK,
		"up for long enough, and something was heard: the only success that resets Attempt", settle),
	line(55, of(messages.Ready), RotateDue, stable, of(messages.Queued, messages.Held), messages.ReasonRotation,
		"the connection reached its age, or its slot in a go-away", planned(goQueue)),
	line(56, of(messages.Ready), RotateDue, notStable, retryOrHeld, messages.ReasonRotation,
		"counted: a server that sends everybody away at once must not cause a hot loop", planned(fail)),
	line(57, of(messages.Authenticating, messages.Syncing), Lost, always, retry, messages.ReasonReadEOF,
		"the connection ended before it was of use", fail),
	line(58, of(messages.Ready), Lost, always, retryOrHeld, messages.ReasonReadEOF,
		"the outage begins; a stable connection is missed without being counted", failUnlessStable),
	line(59, of(messages.Syncing, messages.Ready), LivenessDue, always, retryOrHeld, messages.ReasonPongTimeout,
		"nothing was heard for too long, whatever the socket says", failUnlessStable),
	line(60, of(messages.Draining), LivenessDue, always, reopened, messages.ReasonPongTimeout,
		"what was not delivered is reported", goClosed),
	line(61, of(messages.Draining), Lost, always, reopened, messages.ReasonReadEOF,
		"what was not delivered is reported", goClosed),
	line(62, of(messages.Draining), Drained, always, of(messages.Closing), messages.ReasonDrain,
		"the outbox is empty and the rooms are left", goClosing),
	line(63, of(messages.Draining), DrainDue, always, of(messages.Closing), messages.ReasonDrainTimeout,
		"what was not delivered is reported", goClosing),
	line(64, of(messages.Closing), Lost, always, reopened, messages.ReasonOK,
		"the peer answered our goodbye, or is gone", goClosed),
	line(65, of(messages.Closing), CloseDue, always, reopened, messages.ReasonCloseTimeout,
		"the socket is closed without an answer", goClosed),
	line(66, live, Kick, always, of(messages.Kicked), messages.ReasonKickedOtherDevice,
		"the server ended this login; coming back by ourselves would fight the other one", kicked),
	line(67, of(messages.Closing), Kick, always, 0, messages.ReasonOK,
		"we are leaving anyway", stay),
	line(68, of(messages.Syncing, messages.Ready, messages.Draining), ServerFatal, always, of(messages.Failed), messages.ReasonNotAllowed,
		"the server says stop", failed),
	line(69, of(messages.Ready), CredExpired, stable, of(messages.Queued, messages.Held), messages.ReasonCredExpired,
		"they were not renewed in time on the live connection", planned(refresh(goQueue))),
	line(70, of(messages.Ready), CredExpired, notStable, retryOrHeld, messages.ReasonCredExpired,
		"counted: the provider hands out dead credentials", refresh(fail)),
	line(71, of(messages.Ready), CredExpiredNoProvider, always, of(messages.Failed), messages.ReasonCredUnavailable,
		"nobody can renew them", failed),
	line(72, of(messages.Syncing, messages.Ready), GoAway, always, 0, messages.ReasonGoAway,
		"leaves at a random moment before the deadline, so that there is no storm; while Syncing the slot is taken at Ready", goAway),
	line(73, of(messages.Syncing, messages.Ready), RenewOK, always, 0, messages.ReasonCredentialRenewed,
		"no reconnect", update),
}

var (
	retryOrHeld = retry | of(messages.Held)
	reopened    = of(messages.Closed, messages.Queued, messages.Held)

	stable    = when("stable", func(m *move) bool { return m.Stable })
	notStable = when("not yet stable", func(m *move) bool { return !m.Stable })
)

func kicked(m *move)           { goTerminal(m, messages.Kicked) }
func failUnlessStable(m *move) { goWait(m, !m.Stable) }
func update(m *move)           { m.step.Updated = true }

func settle(m *move) {
	m.Stable, m.Attempt = true, 0
	m.cancel(TimerStable)
}

// refresh makes the next address request ask for fresh credentials.
func refresh(then func(*move)) func(*move) {
	return func(m *move) {
		m.step.Refresh = true
		then(m)
	}
}

func goAway(m *move) {
	m.step.Planned = true
	m.step.Rearm = m.step.Rearm.With(TimerRotate)
}
