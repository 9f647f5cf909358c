package lifecycle

import "github.com/seed14814784/holdfast/messages"

// What happens while a channel waits, and what its supervisor does to it.
var waits = []Row{
	line(74, of(messages.Backoff), BackoffDue, always, of(messages.Queued), messages.ReasonOK,
		"the delay is over", goQueue),
	line(75, of(messages.Suspended), BackoffDue, always, of(messages.Queued), messages.ReasonOK,
		"retries go on for ever, unless the strategy gives up", goQueue),
	line(76, of(messages.Backoff), OutageDue, always, of(messages.Suspended, messages.Failed), messages.ReasonSessionTTLExpired,
		"the session has died: forget it and retry slowly", suspend),
	line(77, of(messages.Queued, messages.Preparing, messages.Dialing, messages.Authenticating, messages.Syncing, messages.Held), OutageDue, always, 0, messages.ReasonSessionTTLExpired,
		"the session has died, but a running attempt is not aborted for it", outlast),
	line(78, wanted, Panic, always, retryOrHeld, messages.ReasonActorPanic,
		"a bug of ours or of a handler ended the attempt", fail),
	line(79, unwanted, Panic, always, of(messages.Idle, messages.Closed, messages.Kicked, messages.Failed), messages.ReasonActorPanic,
		"a channel that was leaving has left", panicDown),
	line(80, everyStatus&^ended, Stop, always, of(messages.Closed), messages.ReasonParentStopped,
		"the fleet closes", closed),
	line(81, ended, Stop, always, 0, messages.ReasonOK,
		"has ended already", stay),
}

// suspend moves a waiting channel to the slow retries. What it has waited so
// far is forgotten with the session.
func suspend(m *move) {
	outlast(m)
	m.cancel(TimerBackoff)
	consult(m, false)
}

func panicDown(m *move) {
	if m.HasTransport() {
		closed(m)
	}
}
