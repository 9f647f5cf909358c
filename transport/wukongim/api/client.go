package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// DefaultTimeout is how long a call may take.
const DefaultTimeout = 10 * time.Second

// maxAnswer is the most bytes of an answer that are read.
const maxAnswer = 16 << 20

// Client speaks to one server. Only URL is needed. It must not be changed once it is
// in use.
type Client struct {
	URL     string          // "http://host:5001"; a path in it comes before every route
	Token   messages.Secret // the manager's, if the server wants one
	Timeout time.Duration   // of each call; 0 is DefaultTimeout
	HTTP    *http.Client    // nil: http.DefaultTransport's connections; its CheckRedirect is not used
}

// Check reports what is wrong with the client.
func (c *Client) Check() error {
	_, err := c.base("api")
	return err
}

// String is where the client's server is, without user information.
func (c *Client) String() string {
	if c == nil {
		return "no API"
	}
	return transport.Redact(c.URL)
}

func (c *Client) base(op string) (*url.URL, error) {
	if c == nil {
		return nil, failed(op, messages.ReasonInvalidSpec, "the client is nil; use &api.Client{URL: ...}")
	}
	base, err := url.Parse(c.URL)
	switch {
	case err != nil: // its words repeat the URL
		return nil, failed(op, messages.ReasonInvalidSpec, "the URL of the API cannot be read")
	case base.Scheme != "http" && base.Scheme != "https", base.Host == "":
		return nil, failed(op, messages.ReasonInvalidSpec, "the URL of the API is %q; it has to be http://host:port or https://host:port", transport.Redact(c.URL))
	case c.Timeout < 0:
		return nil, failed(op, messages.ReasonInvalidSpec, "Client.Timeout is %s; 0 means %s", c.Timeout, DefaultTimeout)
	}
	return base, nil
}

func failed(op string, code messages.Code, format string, args ...any) error {
	return &messages.Error{Op: op, Reason: messages.Because(code, format, args...)}
}

// get asks, and reads the answer into what is given.
func (c *Client) get(ctx context.Context, path string, query url.Values, answer any) error {
	return c.call(ctx, http.MethodGet, path, query, nil, answer)
}

// post does something; answer may be nil.
func (c *Client) post(ctx context.Context, path string, body, answer any) error {
	return c.call(ctx, http.MethodPost, path, nil, body, answer)
}

func (c *Client) call(ctx context.Context, method, path string, query url.Values, body, answer any) error {
	base, err := c.base(path)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(c.Timeout, DefaultTimeout))
	defer cancel()
	target := base.JoinPath(path)
	target.RawQuery = query.Encode()
	var text []byte
	if body != nil {
		if text, err = json.Marshal(body); err != nil {
			return failed(path, messages.ReasonInvalidSpec, "the question cannot be written as JSON: %v", err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, target.String(), bytes.NewReader(text))
	if err != nil {
		return failed(path, messages.ReasonInvalidSpec, "the URL of the API is not usable")
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if token := c.Token.Reveal(); token != "" {
		request.Header.Set("Token", token)
	}
	response, err := c.http().Do(request)
	if err != nil {
		return lost(ctx, path, err)
	}
	defer func() { _ = response.Body.Close() }() // what was not read is dropped with its connection
	said, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return lost(ctx, path, err)
	case len(said) > maxAnswer:
		return failed(path, messages.ReasonProtocolError, "the answer has more than %d bytes", maxAnswer)
	}
	if err := refusal(path, response, said); err != nil || answer == nil {
		return err
	}
	if err := json.Unmarshal(said, answer); err != nil {
		return failed(path, messages.ReasonProtocolError, "the answer of %d bytes cannot be read; is this the API of WuKongIM?", len(said))
	}
	return nil
}

// http is what carries the requests.
func (c *Client) http() *http.Client {
	client := http.Client{}
	if c.HTTP != nil {
		client = *c.HTTP
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

// lost is an error of the network. What package net/http says repeats the URL, so only
// the cause is kept.
func lost(ctx context.Context, path string, err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	reason := transport.ReasonOf(err, messages.ReasonTryLater)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		reason = messages.Because(messages.ReasonTryLater, "the call was cancelled")
	case ctx.Err() != nil:
		reason = messages.Because(messages.ReasonTryLater, "the API did not answer in time")
	}
	return &messages.Error{Op: path, Reason: reason, Err: ctx.Err()}
}

// refusal is what a status means, and the words that came with it.
func refusal(path string, response *http.Response, said []byte) error {
	status := response.StatusCode
	reason := messages.Reason{Wire: messages.Wire{Scheme: "http", Code: status}}
	var words struct {
		Message string `json:"msg"`
		Status  int    `json:"status"`
	}
	if json.Unmarshal(said, &words) == nil {
		reason.Wire.Text = brief(words.Message)
	}
	switch {
	case status == http.StatusOK && (words.Status == 0 || words.Status == http.StatusOK):
		return nil
	case status == http.StatusTooManyRequests:
		reason.Code = messages.ReasonRateLimited
		reason.RetryAfter = transport.RetryAfter(response.Header)
	case status >= 500:
		reason.Code = messages.ReasonTryLater
		reason.RetryAfter = transport.RetryAfter(response.Header)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		reason.Code, reason.Detail = messages.ReasonForbidden, "the API wants another token"
	case status == http.StatusNotFound:
		reason.Code, reason.Detail = messages.ReasonNotSupported, "this server has no such call"
	case status >= 300 && status < 400:
		reason.Code, reason.Detail = messages.ReasonInvalidSpec, "redirects are not followed; put the new address into the URL"
	default:
		reason.Code, reason.Detail = messages.ReasonNack, "the server refuses"
	}
	return &messages.Error{Op: path, Reason: reason}
}

// briefly is how many bytes of the server's words are kept.
const briefly = 200

func brief(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), briefly)], "")
}
