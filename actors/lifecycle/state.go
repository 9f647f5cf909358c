package lifecycle

import (
	"fmt"
	"time"

	"github.com/seed14814784/holdfast/actors/table"
	"github.com/seed14814784/holdfast/messages"
)

// State is everything the table may look at. It is a value: stepping returns a
// new one. Its zero value is a channel that was never asked to connect.
type State struct {
	Status messages.Status
	Up     bool // the user wants the channel to be up

	NetworkDown bool // hold: a hint says there is no network
	Paused      bool // hold: the user said so

	Refreshed bool // credentials were already refreshed by force in this cycle
	Stable    bool // Ready for long enough, with proof of life
	Long      bool // the outage outlived the session ("sus" of the model)
	Reopen    bool // Connect came while Draining or Closing

	Attempt      int            // consecutive counted failures
	AuthFailures int            // consecutive rejected logins
	Epoch        messages.Epoch // of the current or last attempt
	OutageSince  time.Time      // when the outage began; zero when there is none
	LastDelay    time.Duration  // the delay chosen last
	Timers       Timers         // exactly the timers that are armed
}

// Held reports whether anything holds the channel back.
func (s State) Held() bool { return s.NetworkDown || s.Paused }

// HasTransport reports whether a connection exists in the state's status.
func (s State) HasTransport() bool {
	switch s.Status {
	case messages.Authenticating, messages.Syncing, messages.Ready, messages.Draining, messages.Closing:
		return true
	default:
		return false
	}
}

// InFlight reports whether an address callback or a dial is outstanding.
func (s State) InFlight() bool {
	return s.Status == messages.Preparing || s.Status == messages.Dialing
}

// Timer names one timer of a channel.
type Timer uint8

// The timers. Liveness and Ping belong to the connection, which alone sees its
// traffic; they are in the set because a status has them.
const (
	TimerProbe Timer = iota
	TimerPrepare
	TimerDial
	TimerAuth
	TimerSync
	TimerLiveness
	TimerPing
	TimerStable
	TimerRotate
	TimerDrain
	TimerClose
	TimerBackoff
	TimerOutage
	TimerCount
)

var timerNames = [TimerCount]string{
	"probe", "prepare", "dial", "auth", "sync", "liveness", "ping",
	"stable", "rotate", "drain", "close", "backoff", "outage",
}

// String returns the timer's name, such as "backoff".
func (t Timer) String() string {
	if t < TimerCount {
		return timerNames[t]
	}
	return fmt.Sprintf("Timer(%d)", uint8(t))
}

// Timers is a set of timers.
type Timers = table.Set[Timer]
