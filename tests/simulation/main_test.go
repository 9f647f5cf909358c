// Package simulation runs whole fleets in virtual time, over WebSocket on a
// network in memory.
package simulation

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
