package transport

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

func TestUpgradeRefusalsAreReasons(t *testing.T) {
	for answer, want := range map[string]messages.Reason{
		"HTTP/1.1 401 Unauthorized\r\n\r\n": {
			Code: messages.ReasonAuthRejected, Wire: messages.Wire{Scheme: "http", Code: 401, Text: "Unauthorized"},
			Detail: "the server wants other credentials (tried ws://h/p?token=***)"},
		"HTTP/1.1 403 Go Away\r\n\r\n": {
			Code: messages.ReasonForbidden, Wire: messages.Wire{Scheme: "http", Code: 403, Text: "Go Away"},
			Detail: "the server does not let these credentials in (tried ws://h/p?token=***)"},
		"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope": {
			Code: messages.ReasonBadRequest, Wire: messages.Wire{Scheme: "http", Code: 404, Text: "Not Found"},
			Detail: "nothing is served at this path; check it (tried ws://h/p?token=***)"},
		"HTTP/1.1 501 Not Implemented\r\n\r\n": {
			Code: messages.ReasonBadRequest, Wire: messages.Wire{Scheme: "http", Code: 501, Text: "Not Implemented"},
			Detail: "the server does not do what was asked; check the subprotocols (tried ws://h/p?token=***)"},
		"HTTP/1.1 302 Found\r\nLocation: https://user:pw@else.where/x?key=secret\r\n\r\n": {
			Code: messages.ReasonBadRequest, Wire: messages.Wire{Scheme: "http", Code: 302, Text: "Found"},
			Detail: "redirects are not followed; put the new address into the URL: https://else.where/x?key=*** (tried ws://h/p?token=***)"},
		"HTTP/1.1 200 OK\r\n\r\n<html>": {
			Code: messages.ReasonBadRequest, Wire: messages.Wire{Scheme: "http", Code: 200, Text: "OK"},
			Detail: "a plain HTTP server answers here; check host and path (tried ws://h/p?token=***)"},
		"HTTP/1.1 400 Bad Request\r\n\r\n": {
			Code: messages.ReasonUpgradeStatus, Wire: messages.Wire{Scheme: "http", Code: 400, Text: "Bad Request"},
			Detail: "the server does not upgrade this request; check the address and the headers (tried ws://h/p?token=***)"},
		"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 17\r\n\r\n": {
			Code: messages.ReasonRateLimited, Wire: messages.Wire{Scheme: "http", Code: 429, Text: "Too Many Requests"},
			RetryAfter: 17 * time.Second, Detail: "tried ws://h/p?token=***"},
		"HTTP/1.1 503 Service Unavailable\r\nDate: Wed, 04 Mar 2026 05:06:07 GMT\r\nRetry-After: Wed, 04 Mar 2026 05:07:07 GMT\r\n\r\n": {
			Code: messages.ReasonTryLater, Wire: messages.Wire{Scheme: "http", Code: 503, Text: "Service Unavailable"},
			RetryAfter: time.Minute, Detail: "tried ws://h/p?token=***"},
		"HTTP/1.0 503 Service Unavailable\r\n\r\nfrom an old load balancer": {
			Code: messages.ReasonTryLater, Wire: messages.Wire{Scheme: "http", Code: 503, Text: "Service Unavailable"},
			Detail: "tried ws://h/p?token=***"},
		"HTTP/1.1 503\r\n\r\n": {
			Code: messages.ReasonTryLater, Wire: messages.Wire{Scheme: "http", Code: 503},
			Detail: "tried ws://h/p?token=***"},
		"HTTP/1.1 502 Bad Gateway\r\nRetry-After: 3\r\n\r\n": {
			Code: messages.ReasonUpgradeStatus, Wire: messages.Wire{Scheme: "http", Code: 502, Text: "Bad Gateway"},
			RetryAfter: 3 * time.Second, Detail: "tried ws://h/p?token=***"},
		"HTTP/1.1 408 Request Timeout\r\n\r\n": {
			Code: messages.ReasonUpgradeStatus, Wire: messages.Wire{Scheme: "http", Code: 408, Text: "Request Timeout"},
			Detail: "tried ws://h/p?token=***"},
		"HTTP/1.1 425 Too Early\r\n\r\n": {
			Code: messages.ReasonUpgradeStatus, Wire: messages.Wire{Scheme: "http", Code: 425, Text: "Too Early"},
			Detail: "tried ws://h/p?token=***"},
		"SSH-2.0-OpenSSH_9.2\r\n\r\n": {
			Code: messages.ReasonProtocolError, Detail: "the server's answer is not a WebSocket upgrade (RFC 6455, 4.1) (tried ws://h/p?token=***)"},
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n": {
			Code: messages.ReasonProtocolError, Detail: "the server's answer is not a WebSocket upgrade (RFC 6455, 4.1) (tried ws://h/p?token=***)"},
		"HTTP/1.1 101 Switching Protocols\r\nX: " + strings.Repeat("x", 70_000): {
			Code: messages.ReasonProtocolError, Detail: "the server's answer is not a WebSocket upgrade (RFC 6455, 4.1) (tried ws://h/p?token=***)"},
	} {
		t.Run(answer[:min(len(answer), 40)], func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &WebSocket{NetDial: answering(func(*http.Request) string { return answer })}
				_, err := w.Dial(t.Context(), Target{URL: "ws://user:hunter2@h/p?token=hunter2"})
				same(t, "reason", reasonFor(t, err), want)
				if strings.Contains(err.Error(), "hunter2") {
					t.Errorf("the error shows a credential: %v", err)
				}
			})
		})
	}
}

func TestOnlyStatusesThatAreNamedAreFinal(t *testing.T) {
	named := map[int]messages.Code{
		200: messages.ReasonBadRequest, 404: messages.ReasonBadRequest, 501: messages.ReasonBadRequest,
		401: messages.ReasonAuthRejected, 403: messages.ReasonForbidden, 407: messages.ReasonProxy,
		429: messages.ReasonRateLimited, 503: messages.ReasonTryLater,
	}
	for status := 100; status <= 999; status++ {
		want, ok := named[status]
		switch {
		case ok:
		case status/100 == 3:
			want = messages.ReasonBadRequest
		default:
			want = messages.ReasonUpgradeStatus
		}
		reason := refusal(&http.Response{StatusCode: status, Header: http.Header{"Retry-After": {"7"}}})
		same(t, fmt.Sprint(status), reason.Code, want)
		waits := want != messages.ReasonAuthRejected && !want.Class().Final()
		same(t, fmt.Sprint(status, " waits"), reason.RetryAfter != 0, waits)
	}
}

func TestARefusalIsKnownBeforeItsBodyHasCome(t *testing.T) {
	for name, want := range map[string]messages.Code{"": messages.ReasonForbidden, "http://proxy": messages.ReasonProxy} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &WebSocket{NetDial: answering(func(*http.Request) string {
					return "HTTP/1.1 403 Forbidden\r\nContent-Length: 1000\r\n\r\nwait,"
				})}
				if name != "" {
					w.Proxy = ProxyURL(name)
				}
				start := time.Now()
				_, err := dial(t, w, Target{URL: "ws://h"})
				reason := reasonFor(t, err)
				same(t, "code", reason.Code, want)
				same(t, "wire", reason.Wire, messages.Wire{Scheme: "http", Code: 403, Text: "Forbidden"})
				same(t, "took", time.Since(start), time.Duration(0))
			})
		})
	}
}

func TestUpgradeSendsAndLearnsWhatItShould(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen *http.Request
		w := &WebSocket{
			Header:       http.Header{"X-One": {"dialer"}, "X-Two": {"dialer"}},
			Subprotocols: []string{"ignored"},
			NetDial: answering(func(r *http.Request) string {
				seen = r
				return accepting(r, "Sec-WebSocket-Protocol: b", "X-Node: 7") + string(sent(0x81, "INFO"))
			}),
		}
		c, err := w.Dial(t.Context(), Target{
			URL:          "ws://user:pw@Bücher.example/p?q=1",
			Header:       http.Header{"x-two": {"target"}},
			Subprotocols: []string{"a", "b"},
		})
		if err != nil {
			t.Fatal(err)
		}
		info := c.Info()
		u := use(t, c)
		user, password, _ := seen.BasicAuth()
		same(t, "request", []string{
			seen.Host, seen.RequestURI, seen.Header.Get("X-One"), seen.Header.Get("X-Two"), user, password,
			seen.Header.Get("Sec-WebSocket-Protocol"), seen.Header.Get("Sec-WebSocket-Extensions"),
		}, []string{"xn--bcher-kva.example", "/p?q=1", "dialer", "target", "user", "pw", "a, b", ""})
		same(t, "subprotocol", info.Subprotocol, "b")
		same(t, "header", info.Header, http.Header{"X-Node": {"7"}})
		frame, err := u.read()
		same(t, "the frame that came with the answer", fmt.Sprint(string(frame.Data), err), "INFO<nil>")
		u.abort()
	})
}

func TestCompressionIsAgreedOrNot(t *testing.T) {
	for answer, want := range map[string]string{
		"": "plain",
		"permessage-deflate; server_no_context_takeover; client_no_context_takeover": "compressed",
		"permessage-deflate; server_no_context_takeover":                             "compressed",
		"permessage-deflate; server_no_context_takeover; server_max_window_bits=10":  "compressed",
		"permessage-deflate": "ProtocolError",
		"permessage-deflate; server_no_context_takeover; client_max_window_bits=10":                      "ProtocolError",
		"permessage-deflate; server_no_context_takeover; what=ever":                                      "ProtocolError",
		"permessage-deflate; server_no_context_takeover, permessage-deflate; server_no_context_takeover": "ProtocolError",
		"x-webkit-deflate-frame": "ProtocolError",
	} {
		t.Run(answer, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &WebSocket{Compression: true, NetDial: answering(func(r *http.Request) string {
					if got := r.Header.Get("Sec-WebSocket-Extensions"); got != "permessage-deflate;server_no_context_takeover;client_no_context_takeover" {
						t.Errorf("offered %q", got)
					}
					if answer == "" {
						return accepting(r)
					}
					return accepting(r, "Sec-WebSocket-Extensions: "+answer)
				})}
				c, err := w.Dial(t.Context(), Target{URL: "ws://h"})
				got := code(err)
				if err == nil {
					got = map[bool]string{true: "compressed", false: "plain"}[c.Info().Compressed]
					use(t, c).abort()
				}
				same(t, "outcome", got, want)
			})
		})
	}
}

// FuzzUpgrade lets a server answer anything: Dial neither panics nor hangs, and
// its error has a reason.
func FuzzUpgrade(f *testing.F) {
	for _, seed := range []string{
		"", "\r\n", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: $\r\n\r\n\x81\x02hi",
		"HTTP/1.1 503 Later\r\nRetry-After: 5\r\n\r\n", "HTTP/1.0 302 Found\r\nLocation: //x\r\n\r\n", "HTTP/1.1 101\r\n\r\n",
		"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: $\r\nSec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n\r\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		w := &WebSocket{Compression: true, NetDial: func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go func() {
				defer func() { _ = theirs.Close() }()
				request, err := http.ReadRequest(bufio.NewReader(theirs))
				if err != nil {
					return
				}
				sum := sha1.Sum([]byte(request.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
				_, _ = io.WriteString(theirs, strings.ReplaceAll(answer, "$", base64.StdEncoding.EncodeToString(sum[:])))
			}()
			return ours, nil
		}}
		c, err := w.Dial(t.Context(), Target{URL: "ws://h"})
		if err != nil {
			if reasonFor(t, err).Code == messages.ReasonOK {
				t.Fatalf("%v has no reason", err)
			}
			return
		}
		done := make(chan struct{})
		c.Abort(func() { close(done) })
		<-done
	})
}
