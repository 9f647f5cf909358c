package transport

import (
	"net/http"
	"strings"
	"time"
)

// maxRetryAfter is the longest Retry-After that is believed. It is a floor for
// every later attempt, so a slip of a server's keyboard must not silence a
// channel for years.
const maxRetryAfter = 24 * time.Hour

// RetryAfter is how long the header of an answer asks to wait, by the server's own
// clock: never below 0 and never above 24 hours; 0: it does not ask (RFC 9110,
// 10.2.3).
func RetryAfter(header http.Header) time.Duration {
	return retryAfter(header.Get("Retry-After"), serverTime(header, time.Now()))
}

// retryAfter is how long the header asks to wait: seconds or an HTTP date (RFC
// 9110, 10.2.3), never below 0 and never above 24 hours. What is neither means
// 0: the server did not ask.
func retryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if value == "" {
		return 0
	}
	if strings.Trim(value, "0123456789") == "" {
		var wait time.Duration
		for _, digit := range value {
			wait = 10*wait + time.Duration(digit-'0')*time.Second
			if wait >= maxRetryAfter {
				return maxRetryAfter
			}
		}
		return wait
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(0, date.Sub(now)), maxRetryAfter)
}
