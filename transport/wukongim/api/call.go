package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"

	"github.com/seed14814784/holdfast/messages"
)

// The most bytes of an answer that are read: of a history, and of anything else.
const (
	maxHistory = 8 << 20
	maxAnswer  = 1 << 20
)

// question is one call.
type question struct {
	path   string
	method string
	query  url.Values
	body   any             // what becomes JSON; nil: there is none
	secret messages.Secret // that is in the body
	limit  int64           // how many bytes of the answer are read; 0 is maxAnswer
	once   bool            // asked twice it does something else than asked once
}

func get(path string, query url.Values) question {
	return question{path: path, method: http.MethodGet, query: query}
}

func post(path string, body any) question {
	return question{path: path, method: http.MethodPost, body: body}
}

// ask asks, and reads the answer into what is given. Where that is nil, any answer in
// the server's manner will do.
func (c *Client) ask(ctx context.Context, q question, answer any) error {
	base, err := c.base(q.path)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout())
	defer cancel()
	request, err := q.request(ctx, base)
	if err != nil {
		return err
	}
	if token := c.Token.Reveal(); token != "" {
		request.Header.Set("Token", token)
	}
	response, err := c.http().Do(request)
	if err != nil {
		return c.lost(ctx, q, err)
	}
	defer func() { _ = response.Body.Close() }() // what was not read is dropped with its connection
	limit := max(q.limit, maxAnswer)
	said, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	switch {
	case err != nil:
		return c.lost(ctx, q, err)
	case int64(len(said)) > limit:
		return failed(q.path, messages.ReasonFrameTooLarge, "the answer has more than %d bytes", limit)
	}
	if err := c.refused(q, response, said); err != nil {
		return err
	}
	if answer == nil {
		answer = &struct{}{}
	}
	if err := json.Unmarshal(said, answer); err != nil { // its words may repeat a payload
		return failed(q.path, messages.ReasonProtocolError, "the answer of %d bytes cannot be read; is this the API of WuKongIM?", len(said))
	}
	return nil
}

// request is the question as HTTP carries it.
func (q question) request(ctx context.Context, base *url.URL) (*http.Request, error) {
	var text []byte
	if q.body != nil {
		var err error
		if text, err = json.Marshal(q.body); err != nil {
			return nil, failed(q.path, messages.ReasonInvalidSpec, "the question cannot be written as JSON: %v", err)
		}
	}
	target := base.JoinPath(q.path)
	target.RawQuery = q.query.Encode()
	request, err := http.NewRequestWithContext(ctx, q.method, target.String(), bytes.NewReader(text))
	if err != nil {
		return nil, failed(q.path, messages.ReasonInvalidSpec, "the URL of the API is not usable")
	}
	if q.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if !q.once {
		// A server that restarts leaves dead connections behind. Package net/http asks
		// again on a fresh one, if it may: an empty list says that it may, and is not sent.
		request.Header["Idempotency-Key"] = []string{}
	}
	return request, nil
}
