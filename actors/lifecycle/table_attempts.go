package lifecycle

import "github.com/seed14814784/holdfast/messages"

// How an attempt gets on. Whoever drives the table has dropped what carries
// another epoch before it comes here.
var attempts = []Row{
	line(35, of(messages.Queued), Admitted, always, of(messages.Preparing), messages.ReasonOK,
		"a new epoch begins; address and credentials are asked for", admit),
	line(36, of(messages.Preparing), Prepared, always, of(messages.Dialing), messages.ReasonOK,
		"the deadline is armed before the dial begins", beginDial),
	line(37, of(messages.Preparing), PrepareFailed, always, retry, messages.ReasonCredCallbackError,
		"a failed attempt, but not a rejected login", fail),
	line(38, of(messages.Preparing), CredUnavailable, always, of(messages.Failed), messages.ReasonCredUnavailable,
		"no credentials, and none to be had", failed),
	line(39, of(messages.Preparing), PrepareDue, always, retry, messages.ReasonCredCallbackTimeout,
		"the callback is cancelled; a late answer is stale", fail),
	line(40, of(messages.Dialing), Dialed, always, of(messages.Authenticating), messages.ReasonOK,
		"the upgrade is complete; the login is sent", authenticate),
	line(41, of(messages.Dialing), DialFailed, always, retry, messages.ReasonUnreachable,
		"the peer's Retry-After is a floor for the delay; what this machine lacks is not counted", failDial),
	line(42, of(messages.Dialing), DialDue, always, retry, messages.ReasonDialTimeout,
		"a late socket is closed, never adopted", fail),
	line(43, of(messages.Dialing), HTTPForbidden, always, of(messages.Failed), messages.ReasonForbidden,
		"the endpoint will never take us like this", failed),
	line(44, of(messages.Dialing, messages.Authenticating), CredStale, notRefreshed, of(messages.Preparing), messages.ReasonCredExpired,
		"one retry at once, with fresh credentials", refreshOnce),
	line(45, of(messages.Dialing, messages.Authenticating), CredStale, rejectedAgain, retry, messages.ReasonAuthRejected,
		"fresh credentials were rejected as well", reject),
	line(46, of(messages.Dialing, messages.Authenticating), CredStale, rejectedTooOften, of(messages.Failed), messages.ReasonAuthFailuresExceeded,
		"asking again would lock the account", rejectForGood),
	line(47, of(messages.Authenticating), AuthFatal, always, of(messages.Failed), messages.ReasonAuthRejected,
		"banned, forbidden, or not supported", failed),
	line(48, of(messages.Authenticating), AuthOK, always, of(messages.Syncing), messages.ReasonOK,
		"there is something to catch up with; Attempt is not reset by a login", goSync),
	line(49, of(messages.Authenticating), AuthOKNoSync, always, of(messages.Ready), messages.ReasonOK,
		"there is nothing to catch up with", goReady),
	line(50, of(messages.Authenticating), AuthDue, always, retry, messages.ReasonAuthTimeout,
		"the answer to the login never came", fail),
	line(51, of(messages.Authenticating, messages.Syncing), SessionInvalid, always, retry, messages.ReasonSessionInvalid,
		"the next attempt asks for a fresh session", forgetSession),
	line(52, of(messages.Syncing), SyncDone, always, of(messages.Ready), messages.ReasonOK,
		"rooms are verified and joined again from here", goReady),
	line(53, of(messages.Syncing), SyncDue, always, retry|of(messages.Ready), messages.ReasonSyncTimeout,
		"as the policy says: a fresh try, or what there is; also if catching up failed", missSync),
}

// retry is where a failed attempt leads. No hold can be there during an
// attempt, except that of a hint in Ready: those rows add Held.
var retry = of(messages.Backoff, messages.Suspended, messages.Failed)

var (
	notRefreshed     = when("not refreshed in this cycle", func(m *move) bool { return !m.Refreshed })
	rejectedAgain    = when("refreshed, below the threshold", func(m *move) bool { return m.Refreshed && !lastRejection(m) })
	rejectedTooOften = when("refreshed, threshold reached", func(m *move) bool { return m.Refreshed && lastRejection(m) })
)

func lastRejection(m *move) bool { return m.AuthFailures+1 >= m.machine.authThreshold() }

func fail(m *move) { goWait(m, true) }

// failDial counts what may be the peer's fault. While this machine lacks what dials
// need, the gate paces them.
func failDial(m *move) { goWait(m, m.step.Reason.Class() != messages.ClassStarved) }
func failed(m *move)   { goTerminal(m, messages.Failed) }

func admit(m *move) {
	m.Status = messages.Preparing
	m.Epoch++
	m.arm(TimerPrepare)
}

func beginDial(m *move) {
	m.Status = messages.Dialing
	m.cancel(TimerPrepare)
	m.arm(TimerDial)
}

func authenticate(m *move) {
	m.Status = messages.Authenticating
	m.cancel(TimerDial)
	m.arm(TimerAuth)
}

func refreshOnce(m *move) {
	dispose(m)
	m.Status = messages.Preparing
	m.Refreshed = true
	m.step.Refresh = true
	m.arm(TimerPrepare)
}

func reject(m *move) {
	m.AuthFailures++
	fail(m)
}

func rejectForGood(m *move) {
	m.blame(messages.ReasonAuthFailuresExceeded, "after %s; last:", times(m.AuthFailures+1, "rejected login"))
	failed(m)
}

func missSync(m *move) {
	if m.machine.Sync == SyncRequired {
		fail(m)
		return
	}
	goReady(m)
	m.step.Degraded = true
}

func forgetSession(m *move) {
	m.step.ForgetSession = true
	fail(m)
}
