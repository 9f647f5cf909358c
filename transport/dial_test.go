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
			reason := reasonFor(t, err)
			same(t, "code", reason.Code, messages.ReasonBadRequest)
			if reason.Detail == "" {
				t.Error("nobody is told why")
			}
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
		"connecting a stream":    {"tcp://h:1", "", nil, messages.ReasonDialTimeout, "connecting took too long"},
		"TLS of a stream":        {"tls://h:1", "", silent, messages.ReasonDialTimeout, "TLS took too long"},
		"a stream's HTTP proxy":  {"tcp://h:1", "http://p", silent, messages.ReasonDialTimeout, "the proxy p:80 took too long"},
		"a stream's SOCKS proxy": {"tls://h:1", "socks5://p", socks, messages.ReasonDialTimeout, "the proxy p:1080 took too long"},
	} {
		for _, cancelled := range []bool{false, true} {
			t.Run(fmt.Sprint(sentence, " cancelled ", cancelled), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					netDial := func(ctx context.Context, _, _ string) (net.Conn, error) {
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
					}
					var proxy func(*url.URL) (*url.URL, error)
					if c.proxy != "" {
						proxy = ProxyURL(c.proxy)
					}
					web, stream := &WebSocket{NetDial: netDial, Proxy: proxy}, &TCP{NetDial: netDial, Proxy: proxy}
					dialers := Schemes{"ws": web, "wss": web, "tcp": stream, "tls": stream}
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
					conn, err := dialers.Dial(ctx, Target{URL: c.url})
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
		"a lookup without one":        {&net.DNSError{Err: "dial udp 192.0.2.1:53: socket: too many open files", Name: "h"}, messages.ReasonFDLimit},
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
			if got := reasonFor(t, err).Code; got != c.want && (c.want.Class() == messages.ClassStarved || got != messages.ReasonProxy) {
				t.Errorf("through a proxy: %v", err)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows a credential: %v", err)
			}
		})
	}
}
