package api

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// briefly is how many bytes of anybody's words are kept.
const briefly = 200

func brief(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), briefly)], "")
}

func failed(op string, code messages.Code, format string, args ...any) error {
	return &messages.Error{Op: op, Reason: messages.Because(code, format, args...)}
}

// lost is an error of the network. What package net/http says repeats the URL, so only
// the cause is kept.
func (c *Client) lost(ctx context.Context, q question, err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	reason := transport.ReasonOf(err, messages.ReasonProtocolError)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		reason = messages.Because(messages.ReasonTryLater, "the call was cancelled")
	case (ctx.Err() != nil || reason.Code == messages.ReasonDialTimeout) && !dialling(err):
		reason = messages.Because(messages.ReasonTryLater, "the API did not answer in time")
	}
	return &messages.Error{Op: q.path, Reason: c.hidden(q, reason), Err: ctx.Err()}
}

// dialling reports whether there was no connection yet.
func dialling(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

// hidden is a reason that repeats no secret, and nothing at length.
func (c *Client) hidden(q question, reason messages.Reason) messages.Reason {
	secrets := []messages.Secret{c.Token, q.secret}
	if base, err := url.Parse(c.URL); err == nil {
		password, _ := base.User.Password()
		secrets = append(secrets, messages.NewSecret(password))
	}
	for _, secret := range secrets {
		reason = messages.Token{Secret: secret}.Hide(reason)
	}
	reason.Wire.Text, reason.Detail = brief(reason.Wire.Text), brief(reason.Detail)
	return reason
}

// words are what a server says besides an answer, under the names that it has for that.
type words struct {
	Message string `json:"msg"`
	Error   string `json:"error"`   // version 3, of /message/send
	Trouble string `json:"message"` // version 2, of /health
	Status  any    `json:"status"`  // a number like those of HTTP, or "ok"
}

func (w words) text() string {
	for _, text := range []string{w.Message, w.Error, w.Trouble} {
		if text != "" {
			return text
		}
	}
	return ""
}

// maxWords is how many bytes an answer without an answer has at most.
const maxWords = 4 << 10

// refused is what a status means, and the words that came with it; nil if that is an
// answer.
func (c *Client) refused(q question, response *http.Response, said []byte) error {
	var w words
	if len(said) <= maxWords {
		_ = json.Unmarshal(said, &w) // what is there is enough
	}
	status := response.StatusCode
	number, numbered := w.Status.(float64)
	if status == http.StatusOK && (!numbered || number == http.StatusOK) {
		return nil
	}
	reason := messages.Reason{Wire: messages.Wire{Scheme: "http", Code: status, Text: w.text()}}
	switch {
	case status == http.StatusTooManyRequests:
		reason.Code = messages.ReasonRateLimited
		reason.RetryAfter = transport.RetryAfter(response.Header)
	case status >= 500, status == http.StatusRequestTimeout:
		reason.Code = messages.ReasonTryLater
		reason.RetryAfter = transport.RetryAfter(response.Header)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		reason.Code, reason.Detail = messages.ReasonForbidden, "the API wants another token; check Client.Token"
	case status == http.StatusNotFound && w.Message+w.Error == "": // with words, it is something else that is not there
		reason.Code, reason.Detail = messages.ReasonNotSupported, "this server has no such call"
	case status >= 300 && status < 400:
		reason.Code, reason.Detail = messages.ReasonInvalidSpec, "redirects are not followed; put the new address into the URL"
	default:
		reason.Code, reason.Detail = messages.ReasonNack, "the server refuses"
	}
	return &messages.Error{Op: q.path, Reason: c.hidden(q, reason)}
}
