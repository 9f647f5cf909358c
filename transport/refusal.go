package transport

import (
	"net/http"
	"strings"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// refusals are the HTTP statuses with a meaning of their own. Other 4xx and
// everything below are a bad request, other 5xx are ReasonUpgradeStatus.
var refusals = map[int]struct {
	code   messages.Code
	advice string
}{
	http.StatusUnauthorized:            {messages.ReasonAuthRejected, "the server wants other credentials"},
	http.StatusForbidden:               {messages.ReasonForbidden, "the server does not let these credentials in"},
	http.StatusNotFound:                {messages.ReasonBadRequest, "nothing is served at this path; check it"},
	http.StatusNotImplemented:          {messages.ReasonBadRequest, "the server does not do what was asked; check the subprotocols"},
	http.StatusUpgradeRequired:         {messages.ReasonBadRequest, "the server wants another version of the protocol"},
	http.StatusOK:                      {messages.ReasonBadRequest, "a plain HTTP server answers here; check host and path"},
	http.StatusProxyAuthRequired:       {messages.ReasonProxy, "a proxy on the way wants credentials"},
	http.StatusRequestTimeout:          {messages.ReasonUpgradeStatus, ""},
	http.StatusTooEarly:                {messages.ReasonUpgradeStatus, ""},
	http.StatusTooManyRequests:         {messages.ReasonRateLimited, ""},
	http.StatusServiceUnavailable:      {messages.ReasonTryLater, ""},
	http.StatusMisdirectedRequest:      {messages.ReasonBadRequest, "this server does not serve that host; check the address"},
	http.StatusHTTPVersionNotSupported: {messages.ReasonBadRequest, "the server does not accept HTTP/1.1"},
}

// refusal is the reason of an upgrade that was answered with another status.
func refusal(response *http.Response) messages.Reason {
	status := response.StatusCode
	_, text, _ := strings.Cut(response.Status, " ")
	reason := messages.Reason{
		Code: messages.ReasonBadRequest,
		Wire: messages.Wire{Scheme: "http", Code: status, Text: short(text)},
	}
	known, ok := refusals[status]
	switch {
	case ok:
		reason.Code, reason.Detail = known.code, known.advice
	case status >= 500 && status <= 599:
		reason.Code = messages.ReasonUpgradeStatus
	case status >= 300 && status <= 399:
		reason.Detail = "redirects are not followed; put the new address into the URL"
		if location := response.Header.Get("Location"); location != "" {
			reason.Detail += ": " + short(Redact(location))
		}
	default:
		reason.Detail = "the server does not upgrade this request; check the address and the headers"
	}
	if after := response.Header.Get("Retry-After"); after != "" && known.advice == "" {
		reason.RetryAfter = retryAfter(after, serverTime(response.Header, time.Now()))
	}
	return reason
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
