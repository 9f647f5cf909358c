package membership_test

import (
	"fmt"
	"time"

	"github.com/seed14814784/holdfast/actors/membership"
	"github.com/seed14814784/holdfast/messages"
)

// A room is joined, loses its connection (T0), asks the server (T1) and learns
// that it is out (T2). Here the driver is a list.
func ExampleMachine_Step() {
	machine := membership.Machine{Rejoin: messages.AutoRejoin}

	state := membership.State{Conn: membership.ConnUp}
	for _, kind := range []membership.Kind{
		membership.Join,
		membership.JoinOK,
		membership.ConnLost,
		membership.ConnReady,
		membership.NotIn,
		membership.LeaveOK, // nobody asked: there is no row for it
		membership.JoinRetry,
	} {
		next, step, ok := machine.Step(state, membership.Event{Kind: kind, At: time.Now()})
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
	// Join: Joining, timers "join"
	// JoinOK: Joined, timers "rstable"
	// ConnLost: Interrupted, timers ""
	// ConnReady: Verifying, timers "verify"
	// NotIn: Rejoining, timers "join"
	// LeaveOK is stale
	// JoinRetry: Waiting, timers "retry", retry in 1s after JoinRejected
}

// The table is data: print it, count it, draw it.
func ExampleTable() {
	for _, row := range membership.Table() {
		if row.From.Has(messages.RoomVerifying) && row.To.Has(messages.RoomLost) {
			fmt.Println(row)
		}
	}

	// Output:
	// 23 Verifying + NotIn [the policy stays out] -> Lost (806 RoomHeartbeatTimeout)
	// 29 Joined, Verifying + Detach [the policy stays out] -> Lost (820 HistoryLost)
}
