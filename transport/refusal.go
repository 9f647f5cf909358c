package transport

import (
	"net/http"
	"strings"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// refusals are the HTTP statuses with a meaning of their own. Redirects are a bad
// request; every other status is ReasonUpgradeStatus: it may be another one next
// time.
var refusals = map[int]struct {
	code   messages.Code
	advice string
}{
	http.StatusOK:                      {messages.ReasonBadRequest, "a plain HTTP server answers here; check host and path"},
	http.StatusUnauthorized:            {messages.ReasonAuthRejected, "the server wants other credentials"},
	http.StatusForbidden:               {messages.ReasonForbidden, "the server does not let these credentials in"},
	http.StatusNotFound:                {messages.ReasonBadRequest, "nothing is served at this path; check it"},
	http.StatusProxyAuthRequired:       {messages.ReasonProxy, "a proxy on the way wants credentials"},
	http.StatusRequestTimeout:          {messages.ReasonUpgradeStatus, ""},
	http.StatusMisdirectedRequest:      {messages.ReasonUpgradeStatus, "this server does not serve that host; check the address"},
	http.StatusTooEarly:                {messages.ReasonUpgradeStatus, ""},
	http.StatusUpgradeRequired:         {messages.ReasonUpgradeStatus, "the server wants another version of the protocol"},
	http.StatusTooManyRequests:         {messages.ReasonRateLimited, ""},
	http.StatusNotImplemented:          {messages.ReasonBadRequest, "the server does not do what was asked; check the subprotocols"},
	http.StatusServiceUnavailable:      {messages.ReasonTryLater, ""},
	http.StatusHTTPVersionNotSupported: {messages.ReasonUpgradeStatus, "the server does not accept HTTP/1.1"},
}

// refusal is the reason of an upgrade that was answered with another status.
func refusal(response *http.Response) messages.Reason {
	status := response.StatusCode
	_, text, _ := strings.Cut(response.Status, " ")
	reason := messages.Reason{
		Code: messages.ReasonUpgradeStatus,
		Wire: messages.Wire{Scheme: "http", Code: status, Text: short(text)},
	}
	known, ok := refusals[status]
	switch {
	case ok:
		reason.Code, reason.Detail = known.code, known.advice
	case status >= 300 && status <= 399:
		reason.Code = messages.ReasonBadRequest
		reason.Detail = "redirects are not followed; put the new address into the URL"
		if location := response.Header.Get("Location"); location != "" {
			reason.Detail += ": " + short(Redact(location))
		}
	case status < 500:
		reason.Detail = "the server does not upgrade this request; check the address and the headers"
	}
	if isRetried(reason) {
		reason.RetryAfter = RetryAfter(response.Header)
	}
	return reason
}

// isRetried reports whether the same is tried again later, so that a delay the
// server asked for applies. Fresh credentials are presented at once.
func isRetried(reason messages.Reason) bool {
	class := reason.Class()
	return class != messages.ClassStale && !class.Final()
}

// serverTime is the server's clock, so that a date in its answer means the same
// span whatever our clock says; now if it did not tell.
func serverTime(header http.Header, now time.Time) time.Time {
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		return date
	}
	return now
}

// maxWords is how much of a server's words a reason keeps.
const maxWords = 200

// short is the text as UTF-8, cut if it is long: reasons are kept and logged.
func short(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), maxWords)], "\uFFFD")
}
