package supervisor

import (
	"strings"
	"testing"
)

// public fails the test if a text shows what the tests use as credentials.
func public(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if strings.Contains(strings.ToLower(line), "s3cret") || strings.Contains(line, ":secret") || strings.Contains(line, "=secret") {
			t.Errorf("a credential is shown: %s", line)
		}
	}
}
