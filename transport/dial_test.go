package transport

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// accepting is the answer that upgrades the request, with more header lines.
func accepting(request *http.Request, lines ...string) string {
	sum := sha1.Sum([]byte(request.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	head := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
		base64.StdEncoding.EncodeToString(sum[:]) + "\r\n"
	for _, line := range lines {
		head += line + "\r\n"
	}
	return head + "\r\n"
}

// answering is a NetDial whose server reads one request and sends the answer,
// all in memory. An answer of "" says nothing.
func answering(answer func(*http.Request) string) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer func() { _ = theirs.Close() }()
			request, err := http.ReadRequest(bufio.NewReader(theirs))
			if err != nil {
				return
			}
			if text := answer(request); text != "" {
				_, _ = io.WriteString(theirs, text)
			}
			_, _ = io.Copy(io.Discard, theirs)
		}()
		return ours, nil
	}
}

func reasonFor(t *testing.T, err error) messages.Reason {
	t.Helper()
	own, ok := errors.AsType[*messages.Error](err)
	if !ok {
		t.Fatalf("%T %v is not a *messages.Error", err, err)
	}
	return own.Reason
}

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
			Code: messages.ReasonBadRequest, Wire: messages.Wire{Scheme: "http", Code: 400, Text: "Bad Request"},
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
		u := use(t, c)
		user, password, _ := seen.BasicAuth()
		same(t, "request", []string{
			seen.Host, seen.RequestURI, seen.Header.Get("X-One"), seen.Header.Get("X-Two"), user, password,
			seen.Header.Get("Sec-WebSocket-Protocol"), seen.Header.Get("Sec-WebSocket-Extensions"),
		}, []string{"xn--bcher-kva.example", "/p?q=1", "dialer", "target", "user", "pw", "a, b", ""})
		info := c.Info()
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

func TestBadTargetsAreRefusedBeforeAnythingIsDialled(t *testing.T) {
	w := &WebSocket{NetDial: func(context.Context, string, string) (net.Conn, error) {
		t.Error("dialled")
		return nil, errors.New("no")
	}}
	for sentence, target := range map[string]Target{
		"an unknown scheme":      {URL: "http://h"},
		"no scheme":              {URL: "h:80"},
		"no host":                {URL: "ws:///p"},
		"a fragment":             {URL: "ws://h/#x"},
		"rubbish":                {URL: "ws://h:port"},
		"nothing":                {},
		"a header with a line":   {URL: "ws://h", Header: http.Header{"X": {"a\r\nEvil: b"}}},
		"a header's name":        {URL: "ws://h", Header: http.Header{"X Y": {"a"}}},
		"a header of ours":       {URL: "ws://h", Header: http.Header{"sec-websocket-key": {"a"}}},
		"a subprotocol, twice":   {URL: "ws://h", Subprotocols: []string{"a", "a"}},
		"a subprotocol's spaces": {URL: "ws://h", Subprotocols: []string{"a b"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			_, err := w.Dial(t.Context(), target)
			same(t, "code", reasonFor(t, err).Code, messages.ReasonInvalidSpec)
		})
	}
}

func TestAStalledStageEndsWithItsContext(t *testing.T) {
	silent := func(net.Conn) {}
	socks := func(c net.Conn) { _, _ = io.ReadFull(c, make([]byte, 3)) }
	for sentence, c := range map[string]struct {
		url, proxy string
		peer       func(net.Conn)
		code       messages.Code
		detail     string
	}{
		"connecting":             {"ws://h", "", nil, messages.ReasonDialTimeout, "connecting took too long"},
		"TLS":                    {"wss://h", "", silent, messages.ReasonDialTimeout, "TLS took too long"},
		"the upgrade":            {"ws://h", "", silent, messages.ReasonHandshakeTimeout, "the upgrade took too long"},
		"an HTTP proxy":          {"ws://h", "http://p", silent, messages.ReasonDialTimeout, "the proxy p:80 took too long"},
		"TLS to a proxy":         {"ws://h", "https://p", silent, messages.ReasonDialTimeout, "the proxy p:443 took too long"},
		"a SOCKS proxy":          {"ws://h", "socks5://p", silent, messages.ReasonDialTimeout, "the proxy p:1080 took too long"},
		"a SOCKS proxy, halfway": {"ws://h", "socks5://p", socks, messages.ReasonDialTimeout, "the proxy p:1080 took too long"},
		"connecting to a proxy":  {"ws://h", "http://p", nil, messages.ReasonDialTimeout, "the proxy p:80 took too long"},
	} {
		for _, cancelled := range []bool{false, true} {
			t.Run(fmt.Sprint(sentence, " cancelled ", cancelled), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := &WebSocket{NetDial: func(ctx context.Context, _, _ string) (net.Conn, error) {
						if c.peer == nil {
							<-ctx.Done()
							return nil, ctx.Err()
						}
						ours, theirs := net.Pipe()
						go func() {
							c.peer(theirs)
							_, _ = io.Copy(io.Discard, theirs)
						}()
						return ours, nil
					}}
					if c.proxy != "" {
						w.Proxy = ProxyURL(c.proxy)
					}
					var ctx context.Context
					var cancel context.CancelFunc
					detail := c.detail
					if cancelled {
						ctx, cancel = context.WithCancel(t.Context())
						time.AfterFunc(5*time.Second, cancel)
						detail = strings.Replace(detail, "took too long", "was cancelled", 1)
					} else {
						ctx, cancel = context.WithTimeout(t.Context(), 5*time.Second)
					}
					defer cancel()
					start := time.Now()
					conn, err := w.Dial(ctx, Target{URL: c.url})
					if conn != nil || err == nil {
						t.Fatal("it was dialled")
					}
					reason := reasonFor(t, err)
					same(t, "took", time.Since(start), 5*time.Second)
					same(t, "code", reason.Code, c.code)
					same(t, "detail", reason.Detail, detail+" (tried "+c.url+")")
				})
			})
		}
	}
}

func TestHandshakeTimeoutIsShorterThanTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &WebSocket{HandshakeTimeout: time.Second, NetDial: answering(func(*http.Request) string { return "" })}
		start := time.Now()
		_, err := w.Dial(t.Context(), Target{URL: "ws://h"})
		same(t, "code", reasonFor(t, err).Code, messages.ReasonHandshakeTimeout)
		same(t, "took", time.Since(start), time.Second)
	})
}

func TestDialErrorsHaveReasons(t *testing.T) {
	system := func(errno syscall.Errno) error { return &net.OpError{Op: "dial", Err: errno} }
	for sentence, c := range map[string]struct {
		err  error
		want messages.Code
	}{
		"a name that is not known":    {&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "h", IsNotFound: true}}, messages.ReasonDNS},
		"a name that takes too long":  {&net.DNSError{Err: "i/o timeout", Name: "h", IsTimeout: true}, messages.ReasonDNS},
		"a refused connection":        {system(syscall.ECONNREFUSED), messages.ReasonRefused},
		"no route to the host":        {system(syscall.EHOSTUNREACH), messages.ReasonUnreachable},
		"no route to the network":     {system(syscall.ENETUNREACH), messages.ReasonUnreachable},
		"no local port":               {system(syscall.EADDRNOTAVAIL), messages.ReasonLocalPortsExhausted},
		"no descriptor":               {system(syscall.EMFILE), messages.ReasonFDLimit},
		"no descriptor in the system": {system(syscall.ENFILE), messages.ReasonFDLimit},
		"a timeout of the system":     {system(syscall.ETIMEDOUT), messages.ReasonDialTimeout},
		"anything else":               {errors.New("odd"), messages.ReasonUnreachable},
		"an error that has a reason":  {&messages.Error{Op: "x", Reason: messages.Because(messages.ReasonMoved, "x")}, messages.ReasonMoved},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := &WebSocket{NetDial: func(context.Context, string, string) (net.Conn, error) { return nil, c.err }}
			_, err := w.Dial(t.Context(), Target{URL: "ws://h"})
			same(t, "code", reasonFor(t, err).Code, c.want)
			w.Proxy = ProxyURL("http://user:hunter2@p")
			_, err = w.Dial(t.Context(), Target{URL: "ws://h"})
			if got := reasonFor(t, err).Code; got != messages.ReasonProxy && got != c.want {
				t.Errorf("through a proxy: %v", err)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows a credential: %v", err)
			}
		})
	}
}

func TestReasonOfTheRest(t *testing.T) {
	for _, c := range []struct {
		err      error
		fallback messages.Code
		want     messages.Code
	}{
		{nil, messages.ReasonReadError, messages.ReasonOK},
		{io.EOF, messages.ReasonReadError, messages.ReasonReadEOF},
		{io.ErrUnexpectedEOF, messages.ReasonReadError, messages.ReasonReadEOF},
		{&net.OpError{Op: "read", Err: syscall.ECONNRESET}, messages.ReasonReadError, messages.ReasonReadError},
		{&net.OpError{Op: "read", Err: syscall.ETIMEDOUT}, messages.ReasonReadError, messages.ReasonReadError},
		{context.DeadlineExceeded, messages.ReasonCredCallbackError, messages.ReasonDialTimeout},
		{context.DeadlineExceeded, messages.ReasonCredCallbackTimeout, messages.ReasonCredCallbackTimeout},
		{context.Canceled, messages.ReasonCredCallbackError, messages.ReasonCredCallbackError},
		{fmt.Errorf("x: %w", messages.ReasonMoved), messages.ReasonReadError, messages.ReasonMoved},
		{&url.Error{Op: "x", URL: "y", Err: io.EOF}, messages.ReasonReadError, messages.ReasonReadEOF},
	} {
		if got := ReasonOf(c.err, c.fallback).Code; got != c.want {
			t.Errorf("%v with %v: got %v, want %v", c.err, c.fallback.String(), got.String(), c.want.String())
		}
	}
}

func TestCheckReportsEveryBadFieldAtOnce(t *testing.T) {
	w := &WebSocket{
		MessageLimit: -1, FrameLimit: -1, WriteLimit: -1, WriteTimeout: -1, HandshakeTimeout: -1,
		Header:       http.Header{"Upgrade": {"x"}, "Sec-WebSocket-Protocol": {"a"}, "Bad Name": {"x"}, "X": {"a\nb"}},
		Subprotocols: []string{"", "a", "a"},
	}
	joined, ok := w.Check().(interface{ Unwrap() []error })
	if !ok {
		t.Fatal("not joined")
	}
	errs := joined.Unwrap()
	same(t, "count", len(errs), 11)
	for _, err := range errs {
		same(t, err.Error(), reasonFor(t, err).Code, messages.ReasonInvalidSpec)
	}
	same(t, "the zero value", new(WebSocket).Check(), error(nil))
	same(t, "a frame above a message", reasonFor(t, (&WebSocket{MessageLimit: 1, FrameLimit: 2}).Check().(interface{ Unwrap() []error }).Unwrap()[0]).Code, messages.ReasonInvalidSpec)
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
