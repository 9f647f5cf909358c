package api

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// DefaultTimeout is how long a call may take.
const DefaultTimeout = 10 * time.Second

// Client speaks to one server. Only URL is needed. It must not be changed once it is
// in use.
type Client struct {
	URL     string          // "http://host:5001"; a path in it comes before every route
	Token   messages.Secret // the manager's, if the server wants one
	Timeout time.Duration   // of each call; 0 is DefaultTimeout
	HTTP    *http.Client    // nil: connections that all such clients share; its CheckRedirect is not used
}

// Check reports what is wrong with the client.
func (c *Client) Check() error {
	_, err := c.base("api")
	return err
}

// String is where the client's server is, without user information.
func (c Client) String() string { return transport.Redact(c.URL) }

// GoString hides the same from %#v.
func (c Client) GoString() string { return "api.Client(" + strconv.Quote(c.String()) + ")" }

// CloseIdleConnections closes those that wait for the next call. Without an HTTP of its
// own, that are those of all clients.
func (c *Client) CloseIdleConnections() { c.http().CloseIdleConnections() }

func (c *Client) base(op string) (*url.URL, error) {
	if c == nil {
		return nil, failed(op, messages.ReasonInvalidSpec, "the client is nil; use &api.Client{URL: ...}")
	}
	base, err := url.Parse(c.URL)
	switch {
	case err != nil: // its words repeat the URL
		return nil, failed(op, messages.ReasonInvalidSpec, "the URL of the API cannot be read; write it as http://host:port or https://host:port")
	case base.Scheme != "http" && base.Scheme != "https", base.Hostname() == "":
		return nil, failed(op, messages.ReasonInvalidSpec, "the URL of the API is %q; it has to be http://host:port or https://host:port", transport.Redact(c.URL))
	case base.RawQuery != "" || base.ForceQuery || base.Fragment != "":
		return nil, failed(op, messages.ReasonInvalidSpec, "the URL of the API has a query or a fragment, which no route would keep; give it a path at most")
	case strings.ContainsFunc(c.Token.Reveal(), func(r rune) bool { return r < ' ' || r == 0x7f }):
		return nil, failed(op, messages.ReasonInvalidSpec, "Client.Token has a line break or another control character; no header can carry it")
	case c.Timeout < 0:
		return nil, failed(op, messages.ReasonInvalidSpec, "Client.Timeout is %s; 0 means %s", c.Timeout, DefaultTimeout)
	}
	return base, nil
}

func (c *Client) timeout() time.Duration { return cmp.Or(c.Timeout, DefaultTimeout) }

// http is what carries the requests.
func (c *Client) http() *http.Client {
	client := http.Client{}
	if c.HTTP != nil {
		client = *c.HTTP
	} else {
		client.Transport = shared()
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

// idlePerServer is how many connections to one server wait for the next call: more than
// a gate lets ask for a route at once when a fleet comes back.
const idlePerServer = 256

// shared carries the requests of clients that say nothing about it. A program that has
// put something of its own in the place of http.DefaultTransport gets that.
var shared = sync.OnceValue(func() http.RoundTripper {
	standard, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	ours := standard.Clone()
	ours.MaxIdleConns, ours.MaxIdleConnsPerHost = 4*idlePerServer, idlePerServer
	return ours
})
