package lifecycle

import "github.com/seed14814784/holdfast/messages"

// What a user can ask for.
var commands = []Row{
	line(1, of(messages.Idle, messages.Closed), Connect, always, of(messages.Queued, messages.Held), messages.ReasonUserConnect,
		"the wish is to be up; counters start at zero, and a new outage clock", startOver),
	line(2, of(messages.Failed), Connect, always, of(messages.Queued, messages.Held), messages.ReasonUserConnect,
		"an explicit command leaves Failed and forgets why it failed", startOver),
	line(3, of(messages.Kicked), Connect, always, 0, messages.ReasonKickedOtherDevice,
		"needs Takeover, or two logins kick each other for ever", stay),
	line(4, of(messages.Kicked), ConnectTakeover, always, of(messages.Queued, messages.Held), messages.ReasonUserConnect,
		"this side wants to win", startOver),
	line(5, wanted&^waiting&^of(messages.Held), Connect, always, 0, messages.ReasonOK,
		"never a second attempt", stay),
	line(6, waiting, Connect, always, of(messages.Queued), messages.ReasonUserConnect,
		"skips the delay, not the gate nor the least interval; Attempt is kept, for programs that call Connect on every failure must not defeat the backoff", goQueue),
	line(7, of(messages.Held), Connect, always, 0, messages.ReasonOK,
		"the wish is there already; the caller is told what holds", stay),
	line(8, of(messages.Draining, messages.Closing), Connect, always, 0, messages.ReasonUserConnect,
		"reopens when the old connection is gone, not before", reopen),
	line(9, of(messages.Idle, messages.Queued, messages.Preparing, messages.Dialing, messages.Backoff, messages.Suspended, messages.Held), Disconnect, always, of(messages.Closed), messages.ReasonUserDisconnect,
		"cancels the attempt and every timer", closed),
	line(10, live, Disconnect, always, of(messages.Closing), messages.ReasonUserDisconnect,
		"says goodbye, with a deadline", leave),
	line(11, of(messages.Closing), Disconnect, always, 0, messages.ReasonUserDisconnect,
		"the last command wins: nothing reopens", stayDown),
	line(12, ended, Disconnect, always, 0, messages.ReasonOK,
		"has ended already", stay),
	line(13, of(messages.Syncing, messages.Ready), Drain, always, of(messages.Draining), messages.ReasonDrain,
		"no new sends; leave rooms, flush the outbox, then say goodbye", drain),
	line(14, of(messages.Idle, messages.Queued, messages.Preparing, messages.Dialing, messages.Authenticating, messages.Backoff, messages.Suspended, messages.Held), Drain, always, of(messages.Closed, messages.Closing), messages.ReasonDrain,
		"there is nothing that could be flushed", drainNothing),
	line(15, of(messages.Draining, messages.Closing)|ended, Drain, always, 0, messages.ReasonOK,
		"is on its way or has ended already", stay),
	line(16, of(messages.Authenticating, messages.Syncing, messages.Ready), Drop, always, of(messages.Backoff, messages.Suspended, messages.Held, messages.Failed), messages.ReasonUserDrop,
		"the wish to be up stays; it was asked for, so it is not counted", dropped),
	line(17, everyStatus&^of(messages.Authenticating, messages.Syncing, messages.Ready), Drop, always, 0, messages.ReasonOK,
		"there is no connection to drop", stay),
	line(18, of(messages.Syncing, messages.Ready), ForceReconnect, always, of(messages.Queued, messages.Held), messages.ReasonRedial,
		"no delay and no count, but through the gate", planned(goQueue)),
	line(19, waiting, ForceReconnect, always, of(messages.Queued), messages.ReasonRedial,
		"skips the delay, not the gate", goQueue),
	line(20, everyStatus&^of(messages.Syncing, messages.Ready)&^waiting, ForceReconnect, always, 0, messages.ReasonOK,
		"an attempt runs already, or none is wanted", stay),
	line(21, wanted, Pause, always, of(messages.Held), messages.ReasonPaused,
		"lets go of the connection; the wish to be up stays", pause),
	line(22, unwanted, Pause, always, 0, messages.ReasonPaused,
		"remembered for the next Connect", rememberPause),
	line(23, of(messages.Held), Resume, networkDown, 0, messages.ReasonResumed,
		"one hold is lifted, the other remains", resumeHeld),
	line(24, of(messages.Held), Resume, networkNotDown, of(messages.Queued), messages.ReasonResumed,
		"the failures before the pause say nothing about now", resume),
	line(25, everyStatus&^of(messages.Held), Resume, always, 0, messages.ReasonOK,
		"forgets a remembered pause", forgetPause),
}

var (
	networkDown    = when("another hold remains", func(m *move) bool { return m.NetworkDown })
	networkNotDown = when("no hold remains", func(m *move) bool { return !m.NetworkDown })
)

func stay(*move) {}

func startOver(m *move) {
	m.Up = true
	m.Attempt, m.AuthFailures = 0, 0
	goQueue(m)
}

func reopen(m *move)   { m.Up, m.Reopen = true, true }
func stayDown(m *move) { m.Up, m.Reopen = false, false }
func closed(m *move)   { goTerminal(m, messages.Closed) }

func leave(m *move) {
	stayDown(m)
	goClosing(m)
}

func drain(m *move) {
	m.Up = false
	hush(m)
	outageOff(m)
	m.Status = messages.Draining
	m.arm(TimerLiveness, TimerPing, TimerDrain)
}

func drainNothing(m *move) {
	if m.HasTransport() {
		leave(m)
		return
	}
	closed(m)
}

func dropped(m *move) {
	m.step.Planned = true
	goWait(m, false)
}

// planned marks a move as no failure.
func planned(then func(*move)) func(*move) {
	return func(m *move) {
		m.step.Planned = true
		then(m)
	}
}

func rememberPause(m *move) { m.Paused = true }
func forgetPause(m *move)   { m.Paused = false }

func pause(m *move) {
	m.Paused = true
	goHeld(m)
}

func resumeHeld(m *move) {
	m.Paused = false
	m.step.Updated = true
	goHeld(m)
}

func resume(m *move) {
	m.Paused, m.Attempt = false, 0
	goQueue(m)
}
