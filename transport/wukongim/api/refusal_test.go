package api

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// What a server should not do is an error with a reason.
func TestBadAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string
		wait   time.Duration
	}{
		"a refusal":                     {says(400, `{"msg":"uid不能为空！","status":400}`), `Nack (http 400 "uid不能为空！"): the server refuses`, 0},
		"a refusal in disguise":         {says(200, `{"msg":"no","status":400}`), `Nack (http 200 "no"): the server refuses`, 0},
		"too many calls":                {later(429, "7"), `RateLimited (http 429)`, 7 * time.Second},
		"a server that is busy":         {later(503, "9"), `TryLater (http 503)`, 9 * time.Second},
		"a server that is not fit":      {says(500, `{"status":"error","message":"slot 3 has no leader"}`), `TryLater (http 500 "slot 3 has no leader")`, 0},
		"a server that ran out of time": {says(408, `{"error":"request timeout"}`), `TryLater (http 408 "request timeout")`, 0},
		"a gateway without a server":    {says(502, `<html>`), `TryLater (http 502)`, 0},
		"no token":                      {says(401, ``), `Forbidden (http 401): the API wants another token; check Client.Token`, 0},
		"a wrong token":                 {says(403, ``), `Forbidden (http 403): the API wants another token; check Client.Token`, 0},
		"no such call":                  {says(404, `404 page not found`), `NotSupported (http 404): this server has no such call`, 0},
		"no such call, says a gateway":  {says(404, `{"message":"no Route matched with those values"}`), `NotSupported (http 404 "no Route matched with those values"): this server has no such call`, 0},
		"no such thing":                 {says(404, `{"error":"channel not found"}`), `Nack (http 404 "channel not found"): the server refuses`, 0},
		"a redirect":                    {http.RedirectHandler("http://evil.example/", http.StatusFound).ServeHTTP, `InvalidSpec (http 302): redirects are not followed; put the new address into the URL`, 0},
		"no content":                    {says(204, ``), `Nack (http 204): the server refuses`, 0},
		"an empty answer":               {says(200, ``), `ProtocolError: the answer of 0 bytes cannot be read; is this the API of WuKongIM?`, 0},
		"a web page":                    {says(200, `<html>hello</html>`), `ProtocolError: the answer of 18 bytes cannot be read; is this the API of WuKongIM?`, 0},
		"another type":                  {says(200, `{"tcp_addr":1}`), `ProtocolError: the answer of 14 bytes cannot be read; is this the API of WuKongIM?`, 0},
		"half an answer":                {says(200, `{"tcp_addr":"1`), `ProtocolError: the answer of 14 bytes cannot be read; is this the API of WuKongIM?`, 0},
		"an answer and a half":          {says(200, `{}{`), `ProtocolError: the answer of 3 bytes cannot be read; is this the API of WuKongIM?`, 0},
		"an answer of 10 MiB":           {says(200, strings.Repeat(" ", 10<<20)), `FrameTooLarge: the answer has more than 1048576 bytes`, 0},
		"a refusal of 10 MiB":           {says(400, strings.Repeat(" ", 10<<20)), `FrameTooLarge: the answer has more than 1048576 bytes`, 0},
		"a refusal at length":           {says(400, `{"msg":"`+strings.Repeat("é", 500)+`"}`), `Nack (http 400 "` + strings.Repeat("é", 100) + `"): the server refuses`, 0},
		"a server that hangs up":        {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, `ReadEOF`, 0},
		"a server that hangs up in the middle": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "{")
			panic(http.ErrAbortHandler)
		}, `ReadEOF`, 0},
		"a server of something else": {raw("* OK IMAP4rev1 ready " + strings.Repeat("x", 500) + "\r\n"), `ProtocolError: net/http: HTTP/1.x transport connection broken: malformed HTTP status code "OK"`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := open(t, c.answer)
			_, err := client.Route(t.Context(), "u1")
			reason := reasonFor(t, err)
			same(t, "the wait", reason.RetryAfter, c.wait)
			same(t, "the reason", reason.String(), c.want)
		})
	}
}

func later(status int, seconds string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", seconds)
		w.WriteHeader(status)
	}
}

// raw says anything, and hangs up.
func raw(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, buffered, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		_, _ = buffered.WriteString(text)
		_ = buffered.Flush()
		_ = conn.Close()
	}
}

// Whatever else answers at this address, it has done nothing that was asked of it.
func TestAWebPageIsNoSuccess(t *testing.T) {
	client, _ := open(t, says(200, `<html>Welcome!</html>`))
	same(t, "of a call without an answer", reasonFor(t, client.QuitDevice(t.Context(), "u", 0)).Code, messages.ReasonProtocolError)
	same(t, "of health", reasonFor(t, client.Health(t.Context())).Code, messages.ReasonProtocolError)
}

// Version 3 takes a message, and tells what became of it in the same answer.
func TestAMessageThatIsRefusedAfterAllIsAnError(t *testing.T) {
	for answer, want := range map[string]string{
		`{"message_id":0,"message_seq":0,"reason":3}`: `Nack (wukongim 3): the server refuses the message`,
		`{"message_id":7,"message_seq":0,"reason":0}`: `Nack (wukongim 0): the server refuses the message`,
		ok:                           `ProtocolError: the answer has no message_id`,
		`{"message_id":"x"}`:         `ProtocolError: the answer of 18 bytes cannot be read; is this the API of WuKongIM?`,
		`{"message_id":1.5e300}`:     `ProtocolError: the answer has no message_id`,
		`{"data":null,"status":200}`: `ProtocolError: the answer has no message_id`,
	} {
		client, _ := open(t, says(200, answer))
		_, err := client.Send(t.Context(), outgoing)
		same(t, answer, strings.Replace(reasonFor(t, err).String(), "(wukongim):", "(wukongim 0):", 1), want)
	}
}

func TestAHistoryThatCannotBeReadIsAnError(t *testing.T) {
	for _, answer := range []string{
		`{"messages":[null]}`, `{"messages":[{}]}`, `{"messages":{}}`, `{"messages":[{"message_id":1,"message_seq":-1}]}`,
		`{"messages":[{"message_id":1,"payload":"@"}]}`, `{"messages":[{"message_id":1,"channel_type":256}]}`,
		`{"messages":[{"message_id":1,"header":{"red_dot":2}}]}`, `{"messages":[{"message_idstr":"99999999999999999999"}]}`,
		`{"more":"yes"}`, `[]`,
	} {
		client, _ := open(t, says(200, answer))
		page, err := client.Messages(t.Context(), Query{UID: "u", Channel: g})
		same(t, answer, page, Page{})
		same(t, answer, reasonFor(t, err).Code, messages.ReasonProtocolError)
	}
}

func TestHealthAsksBothGenerations(t *testing.T) {
	for name, c := range map[string]struct {
		server answers
		want   messages.Code
		asked  []string
	}{
		"version 2":          {answers{"/health": says(200, `{"status":"ok"}`)}, messages.ReasonOK, []string{"GET /health"}},
		"version 2, not fit": {answers{"/health": says(500, `{"status":"error","message":"no leader"}`)}, messages.ReasonTryLater, []string{"GET /health"}},
		"version 3":          {answers{"/healthz": says(200, `{"status":"ok"}`)}, messages.ReasonOK, []string{"GET /health", "GET /healthz"}},
		"something else":     {answers{}, messages.ReasonNotSupported, []string{"GET /health", "GET /healthz"}},
	} {
		t.Run(name, func(t *testing.T) {
			client, desk := open(t, c.server.serve)
			same(t, "the reason", reasonFor(t, client.Health(t.Context())).Code, c.want)
			same(t, "what was asked", desk.log(), c.asked)
		})
	}
}

func TestServersThatAreNotReached(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	plain, _ := open(t, says(200, ok))
	for name, c := range map[string]struct {
		client *Client
		want   messages.Code
	}{
		"nobody listens": {&Client{URL: "http://" + closed.Addr().String()}, messages.ReasonRefused},
		"no such name": {&Client{URL: "http://im.example", HTTP: &http.Client{Transport: &http.Transport{
			DialContext: func(context.Context, string, string) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "im.example", IsNotFound: true}}
			},
		}}}, messages.ReasonDNS},
		"it takes too long to get there": {&Client{URL: "http://im.example", HTTP: &http.Client{Transport: &http.Transport{
			DialContext: func(context.Context, string, string) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Err: context.DeadlineExceeded}
			},
		}}}, messages.ReasonDialTimeout},
		"it does not speak TLS": {&Client{URL: strings.Replace(plain.URL, "http:", "https:", 1)}, messages.ReasonProtocolError},
	} {
		_, err := c.client.Route(t.Context(), "u1")
		same(t, name, reasonFor(t, err).Code, c.want)
	}
}

func TestACallEndsWithItsContextAndItsTimeout(t *testing.T) {
	for name, c := range map[string]struct {
		limit func(*Client) (context.Context, context.CancelFunc)
		want  error
	}{
		"the context is cancelled": {func(*Client) (context.Context, context.CancelFunc) {
			x, cancel := context.WithCancel(context.Background())
			time.AfterFunc(10*time.Millisecond, cancel)
			return x, cancel
		}, context.Canceled},
		"the deadline is over": {func(*Client) (context.Context, context.CancelFunc) {
			return context.WithTimeout(context.Background(), 10*time.Millisecond)
		}, context.DeadlineExceeded},
		"the timeout is over": {func(c *Client) (context.Context, context.CancelFunc) {
			c.Timeout = 10 * time.Millisecond
			return context.WithCancel(context.Background())
		}, context.DeadlineExceeded},
		"the timeout of its HTTP is over": {func(c *Client) (context.Context, context.CancelFunc) {
			c.HTTP.Timeout = 10 * time.Millisecond
			return context.WithCancel(context.Background())
		}, nil},
	} {
		for hang, early := range map[string]bool{"before it answers": false, "in the middle of an answer": true} {
			t.Run(name+" "+hang, func(t *testing.T) {
				done := make(chan struct{})
				client, _ := open(t, func(w http.ResponseWriter, _ *http.Request) {
					if early {
						_, _ = io.WriteString(w, "{")
						_ = http.NewResponseController(w).Flush()
					}
					<-done
				})
				defer close(done)
				x, cancel := c.limit(client)
				defer cancel()
				_, err := client.Route(x, "u1")
				same(t, "the reason", reasonFor(t, err).Code, messages.ReasonTryLater)
				if !errors.Is(err, c.want) && c.want != nil {
					t.Error(err)
				}
			})
		}
	}
}
