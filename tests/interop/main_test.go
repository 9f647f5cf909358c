package interop

import (
	"testing"

	"go.uber.org/goleak"
)

// What a test's servers and fleets start must be gone when it ends: everything
// here has an end that is waited for.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
