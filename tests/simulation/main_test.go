// Package simulation runs whole fleets in virtual time, over WebSocket on a
// network in memory.
package simulation

import (
	"runtime/debug"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// A whole hour of a fleet passes in seconds: what is allocated in them dies
	// young, and looking for it so often would take a tenth of the time.
	debug.SetGCPercent(400)
	goleak.VerifyTestMain(m)
}
