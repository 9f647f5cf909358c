package lifecycle

import "github.com/seed14814784/holdfast/messages"

// What is said about this machine's network. It is believed where nothing
// works anyway, and never against a connection that does.
var hints = []Row{
	line(26, wanted&^of(messages.Ready), NetworkDown, always, of(messages.Held), messages.ReasonNetworkDown,
		"the attempt is disposed of and not counted: being offline uses up no retries", networkLost),
	line(27, of(messages.Ready), NetworkDown, always, 0, messages.ReasonNetworkDown,
		"the connection is probed: a wrong hint must not drop a working socket", rememberHint),
	line(28, unwanted, NetworkDown, always, 0, messages.ReasonOK,
		"remembered for the next Connect", rememberHint),
	line(29, of(messages.Held), NetworkUp, paused, 0, messages.ReasonNetworkUp,
		"one hold is lifted, the other remains", hintTakenBack),
	line(30, of(messages.Held), NetworkUp, notPaused, of(messages.Queued), messages.ReasonNetworkUp,
		"through the gate: a hundred thousand releases must not be a herd", networkFound),
	line(31, waiting, NetworkUp, always, of(messages.Queued), messages.ReasonNetworkUp,
		"the failures before say nothing about the new network", networkFound),
	line(32, of(messages.Held), ProbeDue, always, of(messages.Queued), messages.ReasonNetworkUp,
		"nobody took the hint back: a lost NetworkUp must not strand the channel", networkProbed),
	line(33, of(messages.Ready), ProbeOK, always, 0, messages.ReasonNetworkUp,
		"something was heard, so the hint was wrong", hintTakenBack),
	line(34, everyStatus&^of(messages.Held)&^waiting, NetworkUp, always, 0, messages.ReasonOK,
		"forgets a remembered hint", forgetHint),
}

var (
	paused    = when("a pause remains", func(m *move) bool { return m.Paused })
	notPaused = when("no hold remains", func(m *move) bool { return !m.Paused })
)

func rememberHint(m *move) { m.NetworkDown = true }
func forgetHint(m *move)   { m.NetworkDown = false }

func hintTakenBack(m *move) {
	m.NetworkDown = false
	m.step.Updated = true
}

func networkLost(m *move) {
	m.NetworkDown = true
	goHeld(m)
}

func networkFound(m *move) {
	m.NetworkDown, m.Attempt = false, 0
	goQueue(m)
}

func networkProbed(m *move) {
	m.NetworkDown = false
	goQueue(m)
}
