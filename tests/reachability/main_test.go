// Package reachability watches a real kernel's routes and links.
package reachability

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
