package lifecycle_test

import (
	"fmt"
	"time"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
)

// A machine is stepped by whoever drives it. Here the driver is a list.
func ExampleMachine_Step() {
	machine := lifecycle.Machine{Strategy: lifecycle.StrategyFunc(func(f lifecycle.Failure) lifecycle.Verdict {
		return lifecycle.Verdict{Delay: time.Duration(f.Attempt) * time.Second}
	})}

	var state lifecycle.State
	for _, kind := range []lifecycle.Kind{
		lifecycle.Connect,
		lifecycle.Admitted,
		lifecycle.Prepared,
		lifecycle.DialDue,
		lifecycle.Dialed, // too late: there is no row for it any more
		lifecycle.BackoffDue,
	} {
		next, step, ok := machine.Step(state, lifecycle.Event{Kind: kind, At: time.Now()})
		if !ok {
			fmt.Println(kind, "is stale")
			continue
		}
		state = next
		fmt.Printf("%s: %s, timers %q", kind, state.Status, state.Timers)
		if step.Delay > 0 {
			fmt.Printf(", retry in %s after %s", step.Delay, step.Reason)
		}
		fmt.Println()
	}

	// Output:
	// Connect: Queued, timers "outage"
	// Admitted: Preparing, timers "prepare, outage"
	// Prepared: Dialing, timers "dial, outage"
	// T:dial: Backoff, timers "backoff, outage", retry in 1s after DialTimeout
	// Dialed is stale
	// T:backoff: Queued, timers "outage"
}

// The table is data: print it, count it, draw it.
func ExampleTable() {
	for _, row := range lifecycle.Table() {
		if row.From.Has(messages.Kicked) && !row.From.Has(messages.Closed) {
			fmt.Println(row)
		}
	}

	// Output:
	// 3 Kicked + Connect -> same (600 KickedOtherDevice)
	// 4 Kicked + ConnectTakeover -> Queued, Held (100 UserConnect)
}
