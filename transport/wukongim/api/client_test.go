package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/seed14814784/holdfast/messages"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// desk is a server that writes down what it is asked and says the same to everything.
type desk struct {
	*httptest.Server
	asked  string
	header http.Header
}

func open(t *testing.T, answer http.HandlerFunc) (*Client, *desk) {
	t.Helper()
	d := &desk{}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		d.asked, d.header = strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+string(body)), r.Header
		answer(w, r)
	}))
	t.Cleanup(func() {
		d.Client().CloseIdleConnections()
		d.Close()
	})
	return &Client{URL: d.URL, HTTP: d.Client()}, d
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

const ok = `{"status":200}`

var g = Channel{ID: "g", Type: 2}

// Every call asks as the servers were seen to understand, and reads what they were
// seen to say.
func TestCalls(t *testing.T) {
	for name, c := range map[string]struct {
		call                func(context.Context, *Client) (any, error)
		asked, answer, want string
	}{
		"a token": {func(ctx context.Context, c *Client) (any, error) {
			return nil, c.SetToken(ctx, Token{UID: "u1", Token: messages.NewSecret("tok-1"), Device: 1, Master: true})
		}, `POST /user/token {"device_flag":1,"device_level":1,"token":"tok-1","uid":"u1"}`, ok, `<nil>`},
		"a device quits": {func(ctx context.Context, c *Client) (any, error) {
			return nil, c.QuitDevice(ctx, "u1", AllDevices)
		}, `POST /user/device_quit {"device_flag":-1,"uid":"u1"}`, ok, `<nil>`},
		"who is online": {func(ctx context.Context, c *Client) (any, error) {
			return c.Online(ctx, "u1", "u2")
		}, `POST /user/onlinestatus ["u1","u2"]`, `[{"uid":"u1","device_flag":0,"online":1}]`, `[{u1 0 1}]`},
		"a route": {func(ctx context.Context, c *Client) (any, error) {
			return c.Route(ctx, "u&1")
		}, `GET /route?uid=u%261`, `{"tcp_addr":"127.0.0.1:15100","ws_addr":"ws://127.0.0.1:15200","wss_addr":""}`, `{127.0.0.1:15100 ws://127.0.0.1:15200 }`},
		"connections": {func(ctx context.Context, c *Client) (any, error) {
			return c.Connections(ctx, "u1")
		}, `GET /connz?limit=100&uid=u1`, `{"connections":[{"id":92,"uid":"u1","ip":"127.0.0.1","device_id":"d","version":4,"node_id":1}]}`, `[{92 u1 d 4 1}]`},
		"a kick": {func(ctx context.Context, c *Client) (any, error) {
			return nil, c.Kick(ctx, Connection{ID: 92, UID: "u1", Node: 1})
		}, `POST /conn/kick {"conn_id":92,"node_id":1,"uid":"u1"}`, ok, `<nil>`},
		"a channel": {func(ctx context.Context, c *Client) (any, error) {
			return nil, c.CreateChannel(ctx, g, "u1", "u2")
		}, `POST /channel {"channel_id":"g","channel_type":2,"subscribers":["u1","u2"]}`, ok, `<nil>`},
		"subscribers": {func(ctx context.Context, c *Client) (any, error) {
			return nil, errors.Join(c.AddSubscribers(ctx, g, "u3"), c.RemoveSubscribers(ctx, g))
		}, `POST /channel/subscriber_remove {"channel_id":"g","channel_type":2,"subscribers":[]}`, ok, `<nil>`},
		"a blacklist": {func(ctx context.Context, c *Client) (any, error) {
			return nil, c.Blacklist(ctx, g, "u1")
		}, `POST /channel/blacklist_add {"channel_id":"g","channel_type":2,"uids":["u1"]}`, ok, `<nil>`},
		"a ban": {func(ctx context.Context, c *Client) (any, error) {
			return nil, c.SetInfo(ctx, g, Info{Ban: true})
		}, `POST /channel/info {"ban":1,"channel_id":"g","channel_type":2,"disband":0}`, ok, `<nil>`},
		"an end": {func(ctx context.Context, c *Client) (any, error) {
			return nil, c.DeleteChannel(ctx, g)
		}, `POST /channel/delete {"channel_id":"g","channel_type":2}`, ok, `<nil>`},
		"a message of version 2": {func(ctx context.Context, c *Client) (any, error) {
			return c.Send(ctx, Outgoing{Header: Header{RedDot: true}, From: "u1", Channel: g, ClientMsgNo: "n", Payload: []byte("hi")})
		}, `POST /message/send {"channel_id":"g","channel_type":2,"client_msg_no":"n","from_uid":"u1","header":{"no_persist":0,"red_dot":1,"sync_once":0},"payload":"aGk="}`,
			`{"data":{"client_msg_no":"n","message_id":2123756887492005888},"status":200}`, `2123756887492005888`},
		"a message of version 3": {func(ctx context.Context, c *Client) (any, error) {
			return c.Send(ctx, Outgoing{From: "u1", Channel: g})
		}, `POST /message/send {"channel_id":"g","channel_type":2,"client_msg_no":"","from_uid":"u1","header":{"no_persist":0,"red_dot":0,"sync_once":0},"payload":null}`,
			`{"message_id":2123756887492005889,"message_seq":1,"reason":1}`, `2123756887492005889`},
		"a message that became nothing": {func(ctx context.Context, c *Client) (any, error) {
			return c.Send(ctx, Outgoing{})
		}, `POST /message/send {"channel_id":"","channel_type":0,"client_msg_no":"","from_uid":"","header":{"no_persist":0,"red_dot":0,"sync_once":0},"payload":null}`,
			ok, `0 /message/send: ProtocolError: the answer has no message_id`},
		"a history": {func(ctx context.Context, c *Client) (any, error) {
			return c.Messages(ctx, Query{UID: "u1", Channel: g, After: 1})
		}, `POST /channel/messagesync {"channel_id":"g","channel_type":2,"end_message_seq":0,"limit":100,"login_uid":"u1","pull_mode":1,"start_message_seq":2}`,
			`{"start_message_seq":2,"end_message_seq":0,"more":1,"messages":[{"header":{"no_persist":0,"red_dot":1,"sync_once":0},"setting":128,"message_id":2123756887492005888,"message_idstr":"2123756887492005888","client_msg_no":"n","message_seq":2,"from_uid":"u2","channel_id":"g","channel_type":2,"expire":60,"timestamp":1795177140,"payload":"aGk="}]}`,
			`{[{{false true false} 128 2123756887492005888 2 n u2 {g 2} 1m0s 2026-11-20 12:19:00 +0000 UTC  [104 105]}] true}`},
		"an empty history": {func(ctx context.Context, c *Client) (any, error) {
			return c.Latest(ctx, "u1", g)
		}, `POST /channel/messagesync {"channel_id":"g","channel_type":2,"end_message_seq":0,"limit":1,"login_uid":"u1","pull_mode":0,"start_message_seq":0}`,
			`{"start_message_seq":0,"end_message_seq":0,"more":0,"messages":null}`, `0`},
		"the last number": {func(ctx context.Context, c *Client) (any, error) {
			return c.MaxSeq(ctx, "u1", g)
		}, `GET /channel/max_message_seq?channel_id=g&channel_type=2&login_uid=u1`, `{"message_seq":7}`, `7`},
		"health": {func(ctx context.Context, c *Client) (any, error) {
			return nil, c.Health(ctx)
		}, `GET /health`, `{"status":"ok"}`, `<nil>`},
	} {
		t.Run(name, func(t *testing.T) {
			client, desk := open(t, says(http.StatusOK, c.answer))
			got, err := c.call(t.Context(), client)
			if m, ok := got.(Page); ok {
				for i := range m.Messages {
					m.Messages[i].At = m.Messages[i].At.UTC()
				}
			}
			text := fmt.Sprint(got)
			if err != nil {
				text += " " + err.Error()
			}
			if desk.asked != c.asked || text != c.want {
				t.Errorf("it was asked\n%s\nand should be\n%s\nand says %s, which should be %s", desk.asked, c.asked, text, c.want)
			}
		})
	}
}

func TestAHealthyServerOfVersion3(t *testing.T) {
	client, desk := open(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			http.NotFound(w, r)
		}
	})
	if err := client.Health(t.Context()); err != nil || desk.asked != "GET /healthz" {
		t.Error(err, desk.asked)
	}
}

func TestWhoIsIn(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   Membership
		fails  bool
	}{
		"version 2 shows everything to everybody": {200, `{"messages":[]}`, CannotTell, false},
		"version 3 shows it to members":           {400, `{"msg":"internal/message: valid channel membership required","status":400}`, NotMember, false},
		"version 3 knows what is over":            {400, `{"msg":"internal/message: channel disbanded","status":400}`, NoSuchChannel, false},
		"another refusal":                         {400, `{"msg":"no","status":400}`, CannotTell, true},
		"a server that cannot":                    {503, ``, CannotTell, true},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := open(t, says(c.status, c.body))
			if got, err := client.Member(t.Context(), "u1", g); got != c.want || (err != nil) != c.fails {
				t.Error(got, err)
			}
		})
	}
}

// What a server should not do, or what nobody should ask, is an error with a reason.
func TestBadAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"a refusal":             {says(400, `{"msg":"uid不能为空！","status":400}`), `Nack (http 400 "uid不能为空！"): the server refuses`},
		"a refusal in disguise": {says(200, `{"msg":"no","status":400}`), `Nack (http 200 "no"): the server refuses`},
		"too many calls": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		}, `RateLimited (http 429)`},
		"a server in trouble":    {says(502, `<html>`), `TryLater (http 502)`},
		"a wrong token":          {says(403, ``), `Forbidden (http 403): the API wants another token`},
		"no such call":           {says(404, `404 page not found`), `NotSupported (http 404): this server has no such call`},
		"a redirect":             {http.RedirectHandler("http://evil.example/", http.StatusFound).ServeHTTP, `InvalidSpec (http 302): redirects are not followed; put the new address into the URL`},
		"a web page":             {says(200, `<html>hello</html>`), `ProtocolError: the answer of 18 bytes cannot be read; is this the API of WuKongIM?`},
		"half an answer":         {says(200, `{"tcp_addr":"1`), `ProtocolError: the answer of 14 bytes cannot be read; is this the API of WuKongIM?`},
		"an answer of 17 MiB":    {says(200, strings.Repeat(" ", 17<<20)), `ProtocolError: the answer has more than 16777216 bytes`},
		"a server that hangs up": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, `ReadEOF`},
		"a server that hangs up in the middle": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "{")
			panic(http.ErrAbortHandler)
		}, `ReadEOF`},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := open(t, c.answer)
			_, err := client.Route(t.Context(), "u1")
			reason, ok := messages.ReasonOf(err)
			wait := reason.RetryAfter
			reason.RetryAfter = 0
			if !ok || reason.String() != c.want {
				t.Errorf("it says %v, and should say %s", err, c.want)
			}
			if limited := strings.Contains(c.want, "429"); limited != (wait == 7*time.Second) {
				t.Errorf("it asks to wait %s", wait)
			}
		})
	}
}

func TestACallEndsWithItsContextAndItsTimeout(t *testing.T) {
	for name, limit := range map[string]func(*Client) (context.Context, context.CancelFunc){
		"the context is cancelled": func(*Client) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(context.Background())
			time.AfterFunc(10*time.Millisecond, cancel)
			return ctx, cancel
		},
		"the timeout is over": func(c *Client) (context.Context, context.CancelFunc) {
			c.Timeout = 10 * time.Millisecond
			return context.WithCancel(context.Background())
		},
	} {
		t.Run(name, func(t *testing.T) {
			done := make(chan struct{})
			client, _ := open(t, func(http.ResponseWriter, *http.Request) { <-done })
			ctx, cancel := limit(client)
			defer cancel()
			_, err := client.Route(ctx, "u1")
			close(done)
			if reason, _ := messages.ReasonOf(err); reason.Code != messages.ReasonTryLater {
				t.Error(err)
			}
		})
	}
}

func TestNothingIsSentWithAClientOrAQuestionThatWillNotDo(t *testing.T) {
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"no client":          func() error { return (*Client)(nil).Check() },
		"no URL":             func() error { return (&Client{}).Check() },
		"another scheme":     func() error { return (&Client{URL: "ws://chat.example"}).Check() },
		"no URL at all":      func() error { return (&Client{URL: "http://ann:secret@[::1"}).Check() },
		"a negative timeout": func() error { return (&Client{URL: "http://a", Timeout: -1}).Check() },
		"nobody asks":        func() error { _, err := (&Client{URL: "http://a"}).Messages(ctx, Query{Channel: g}); return err },
		"about no channel":   func() error { _, err := (&Client{URL: "http://a"}).Messages(ctx, Query{UID: "u"}); return err },
		"too many at once": func() error {
			_, err := (&Client{URL: "http://a"}).Messages(ctx, Query{UID: "u", Channel: g, Limit: 1001})
			return err
		},
		"fewer than none": func() error {
			_, err := (&Client{URL: "http://a"}).Messages(ctx, Query{UID: "u", Channel: g, Limit: -1})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := call()
			if reason, _ := messages.ReasonOf(err); reason.Code != messages.ReasonInvalidSpec || strings.Contains(err.Error(), "secret") {
				t.Error(err)
			}
		})
	}
}

// Secrets are in what is sent and nowhere else.
func TestNothingShowsASecret(t *testing.T) {
	client, desk := open(t, says(500, ""))
	client.Token = messages.NewSecret("manager")
	client.URL = strings.Replace(client.URL, "://", "://ann:password@", 1)
	err := client.SetToken(t.Context(), Token{UID: "u1", Token: messages.NewSecret("tok-1")})
	if desk.header.Get("Token") != "manager" {
		t.Errorf("it was sent %v", desk.header)
	}
	desk.Close()
	gone := client.SetToken(t.Context(), Token{UID: "u1", Token: messages.NewSecret("tok-1")})
	for _, text := range []string{err.Error(), gone.Error(), client.String(), fmt.Sprintf("%+v %#v", Token{Token: messages.NewSecret("tok-1")}, client.Token)} {
		for _, secret := range []string{"manager", "password", "tok-1"} {
			if strings.Contains(text, secret) {
				t.Errorf("%q shows %q", text, secret)
			}
		}
	}
}

func TestAPathOfTheURLComesBeforeEveryRoute(t *testing.T) {
	for _, path := range []string{"/im", "/im/"} {
		client, desk := open(t, says(200, ok))
		client.URL += path
		if err := client.QuitDevice(t.Context(), "u", 0); err != nil || !strings.HasPrefix(desk.asked, "POST /im/user/device_quit ") {
			t.Error(err, desk.asked)
		}
	}
}
