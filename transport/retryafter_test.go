package transport

import (
	"net/http"
	"testing"
	"time"
)

func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"":                                  0,
		"0":                                 0,
		"7":                                 7 * time.Second,
		" 120 ":                             2 * time.Minute,
		"007":                               7 * time.Second,
		"-5":                                0,
		"+5":                                0,
		"1.5":                               0,
		"soon":                              0,
		"86400":                             24 * time.Hour,
		"86401":                             24 * time.Hour,
		"99999999999999999999999999999":     24 * time.Hour,
		"Wed, 04 Mar 2026 05:06:37 GMT":     30 * time.Second,
		"Wed, 04 Mar 2026 05:06:07 GMT":     0,
		"Wed, 04 Mar 2020 05:06:07 GMT":     0,
		"Wed, 04 Mar 9999 05:06:07 GMT":     24 * time.Hour,
		"Wednesday, 04-Mar-26 05:06:08 GMT": time.Second,
		"Wed Mar  4 05:06:09 2026":          2 * time.Second,
		"04 Mar 2026":                       0,
		"٣":                                 0,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("%q: got %v, want %v", value, got, want)
		}
	}
}

func TestRetryAfterUsesTheServersClock(t *testing.T) {
	ours := time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC) // four hours ahead
	header := http.Header{"Date": {"Wed, 04 Mar 2026 05:06:07 GMT"}}
	if got := retryAfter("Wed, 04 Mar 2026 05:06:37 GMT", serverTime(header, ours)); got != 30*time.Second {
		t.Errorf("got %v, want 30s", got)
	}
	if got := serverTime(http.Header{}, ours); got != ours {
		t.Errorf("without a date: got %v", got)
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"", "0", "120", "-1", "99999999999999999999", "Wed, 04 Mar 2026 05:06:37 GMT", "Wed Mar  4 05:06:09 2026", "٣"} {
		f.Add(seed, int64(1772600767))
	}
	f.Fuzz(func(t *testing.T, value string, now int64) {
		if got := retryAfter(value, time.Unix(now, 0)); got < 0 || got > maxRetryAfter {
			t.Fatalf("%q at %d: %v", value, now, got)
		}
	})
}
