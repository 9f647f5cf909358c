// Package descriptors runs a fleet in a process that may open few descriptors.
package descriptors

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
