package interop

import (
	"testing"

	"go.uber.org/goleak"
)

// What a test's servers and fleets start must be gone when it ends: everything
// here has an end that is waited for. The engine of Centrifugo has two kinds of
// goroutine that outlive its shutdown, for a second or for ever; they are its own.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/FZambia/eagle.(*Eagle).aggregate"),
		goleak.IgnoreAnyFunction("github.com/centrifugal/centrifuge/internal/dissolve.(*Dissolver).runWorker"),
	)
}
