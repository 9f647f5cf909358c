package lifecycle

import (
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// Failure is what a restart strategy is asked about.
type Failure struct {
	Channel   messages.ChannelID // whose it is
	Attempt   int                // consecutive counted failures, this one included if it counts
	Elapsed   time.Duration      // since the outage began
	Reason    messages.Reason    // why the connection was lost or not made
	Stable    bool               // the connection that was lost had been stable
	Planned   bool               // nothing failed: a rotation, or the server or the user asked for it
	Suspended bool               // the outage outlived the session: retry slowly
	LastDelay time.Duration      // what was waited before the last attempt
}

// Verdict is a restart strategy's answer: wait for Delay, or stop. The zero
// Verdict retries as soon as the gate permits.
type Verdict struct {
	Delay   time.Duration
	Suspend bool          // enter Suspended: continuity is given up, retries go on
	GiveUp  messages.Code // end in Failed with this reason; 0 means do not give up
}

// Strategy decides, after every failure, when a channel may try again and when
// to give up. Next is called on the channel's own goroutine: it must not block,
// and must be safe for concurrent use, since one strategy serves many channels.
type Strategy interface {
	Next(Failure) Verdict
}

// StrategyFunc is a function that is a Strategy.
type StrategyFunc func(Failure) Verdict

// Next calls the function.
func (f StrategyFunc) Next(failure Failure) Verdict { return f(failure) }
