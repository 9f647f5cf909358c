// Package rogues has a fleet meet servers that do what no server may.
package rogues

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
