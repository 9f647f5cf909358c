package transport

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsflate"

	"github.com/seed14814784/holdfast/messages"
)

// certificate is a self-signed certificate of example.com and the roots that
// trust it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return server.TLS.Certificates[0], roots
}

// roundTrip sends a message through an echo server and closes.
func roundTrip(t *testing.T, c Conn) {
	t.Helper()
	u := use(t, c)
	if err := c.Write(Frame{FrameText, []byte(strings.Repeat("hello ", 100))}); err != nil {
		t.Fatal(err)
	}
	frame, err := u.read()
	if err != nil || string(frame.Data) != strings.Repeat("hello ", 100) {
		t.Fatalf("%q %v", frame.Data, err)
	}
	_ = c.Close(1000, "")
	_, err = u.read()
	same(t, "ending", code(err), "PeerClose")
	u.abort()
}

func TestTLS(t *testing.T) {
	pair, roots := certificate(t)
	addr := serve(t, func(conn net.Conn) {
		secure := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{pair}})
		if secure.Handshake() == nil {
			echo(secure)
		}
	})
	_, port, _ := net.SplitHostPort(addr)
	t.Run("custom roots and a name", func(t *testing.T) {
		w := &WebSocket{TLS: &tls.Config{RootCAs: roots, ServerName: "example.com"}}
		for range 2 { // the second resumes the session
			c, err := dial(t, w, Target{URL: "wss://" + addr})
			if err != nil {
				t.Fatal(err)
			}
			roundTrip(t, c)
		}
		same(t, "the caller's configuration", w.TLS.NextProtos, []string(nil))
	})
	t.Run("an authority that is not trusted", func(t *testing.T) {
		_, err := dial(t, &WebSocket{}, Target{URL: "wss://" + addr})
		reason := reasonFor(t, err)
		same(t, "code", reason.Code, messages.ReasonTLS)
		same(t, "scheme", reason.Wire.Scheme, "tls")
	})
	t.Run("another name", func(t *testing.T) {
		_, err := dial(t, &WebSocket{TLS: &tls.Config{RootCAs: roots}}, Target{URL: "wss://localhost:" + port})
		same(t, "code", reasonFor(t, err).Code, messages.ReasonTLS)
	})
	t.Run("an old version is all we have", func(t *testing.T) {
		_, err := dial(t, &WebSocket{TLS: &tls.Config{RootCAs: roots, ServerName: "example.com", MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}}, Target{URL: "wss://" + addr})
		same(t, "code", reasonFor(t, err).Code, messages.ReasonTLS)
	})
	t.Run("a server without TLS", func(t *testing.T) {
		_, err := dial(t, &WebSocket{}, Target{URL: "wss://" + serve(t, func(conn net.Conn) { _, _ = io.WriteString(conn, "220 hello\r\n") })})
		same(t, "code", reasonFor(t, err).Code, messages.ReasonTLS)
	})
}

func TestNobodyListens(t *testing.T) {
	addr := serve(t, func(conn net.Conn) { _, _ = http.ReadRequest(bufio.NewReader(conn)) })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := listener.Addr().String()
	_ = listener.Close()
	_, err = dial(t, &WebSocket{}, Target{URL: "ws://" + closed})
	same(t, "nobody listens", code(err), "Refused")
	_, err = dial(t, &WebSocket{}, Target{URL: "ws://" + addr})
	same(t, "somebody hangs up", code(err), "ReadEOF")
}

func TestCompressedMessagesGoBothWays(t *testing.T) {
	addr := serve(t, func(conn net.Conn) {
		extension := wsflate.Extension{Parameters: wsflate.Parameters{ServerNoContextTakeover: true, ClientNoContextTakeover: true}}
		upgrader := ws.Upgrader{Negotiate: extension.Negotiate}
		if _, err := upgrader.Upgrade(conn); err != nil {
			return
		}
		for {
			frame, err := readFrame(conn)
			if err != nil {
				return
			}
			frame = ws.UnmaskFrameInPlace(frame)
			if frame.Header.OpCode == ws.OpClose {
				_ = ws.WriteFrame(conn, frame)
				return
			}
			if ok, _ := wsflate.IsCompressed(frame.Header); !ok {
				return // the ending tells
			}
			if frame, err = wsflate.DecompressFrame(frame); err != nil {
				return
			}
			if frame, err = wsflate.CompressFrame(ws.NewFrame(frame.Header.OpCode, true, frame.Payload)); err != nil {
				return
			}
			_ = ws.WriteFrame(conn, frame)
		}
	})
	c, err := dial(t, &WebSocket{Compression: true}, Target{URL: "ws://" + addr})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "compressed", c.Info().Compressed, true)
	roundTrip(t, c)
}

func TestResetIsAnErrorNotAnEnd(t *testing.T) {
	addr := serve(t, func(conn net.Conn) {
		if _, err := ws.Upgrade(conn); err == nil {
			_ = conn.(*net.TCPConn).SetLinger(0)
		}
	})
	c, err := dial(t, &WebSocket{}, Target{URL: "ws://" + addr})
	if err != nil {
		t.Fatal(err)
	}
	_, err = use(t, c).read()
	reason := reasonFor(t, err)
	same(t, "code", reason.Code, messages.ReasonReadError)
	same(t, "scheme", reason.Wire.Scheme, "os")
}

// connectProxy is an HTTP proxy that wants credentials.
func connectProxy(conn net.Conn) {
	request, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil || request.Method != http.MethodConnect {
		return
	}
	if request.Header.Get("Proxy-Authorization") != "Basic "+base64.StdEncoding.EncodeToString([]byte("user:hunter2")) {
		_, _ = io.WriteString(conn, "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
		return
	}
	server, err := net.Dial("tcp", request.Host)
	if err != nil {
		_, _ = io.WriteString(conn, "HTTP/1.1 502 Bad Gateway\r\n\r\n")
		return
	}
	_, _ = io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
	join(conn, server)
}

// join carries bytes both ways, and each end on its own.
func join(a, b net.Conn) {
	carry := func(to, from net.Conn) {
		_, _ = io.Copy(to, from)
		_ = to.(interface{ CloseWrite() error }).CloseWrite()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		carry(a, b)
	}()
	carry(b, a)
	<-done
	_ = b.Close()
}

// socksProxy is a SOCKS5 proxy (RFC 1928, RFC 1929) that wants credentials.
func socksProxy(conn net.Conn) {
	b := make([]byte, 300)
	read := func(n int) []byte { _, _ = io.ReadFull(conn, b[:n]); return b[:n] }
	methods := read(2)[1]
	if !strings.Contains(string(read(int(methods))), "\x02") {
		_, _ = conn.Write([]byte{5, 0xff})
		return
	}
	_, _ = conn.Write([]byte{5, 2})
	user := string(read(int(read(2)[1])))
	password := string(read(int(read(1)[0])))
	if user != "user" || password != "hunter2" {
		_, _ = conn.Write([]byte{1, 1})
		return
	}
	_, _ = conn.Write([]byte{1, 0})
	if read(4)[3] != 3 {
		_, _ = conn.Write([]byte{5, 8, 0, 1, 0, 0, 0, 0, 0, 0})
		return
	}
	host := ""
	if string(read(int(read(1)[0]))) == "far.example" {
		host = "127.0.0.1"
	}
	port := read(2)
	server, err := net.Dial("tcp", net.JoinHostPort(host, strconv.Itoa(int(port[0])<<8|int(port[1]))))
	if err != nil {
		_, _ = conn.Write([]byte{5, 5, 0, 1, 0, 0, 0, 0, 0, 0})
		return
	}
	_, _ = conn.Write([]byte{5, 0, 0, 1, 127, 0, 0, 1, 0, 0})
	join(conn, server)
}

func TestProxies(t *testing.T) {
	pair, roots := certificate(t)
	server := serve(t, echo)
	_, port, _ := net.SplitHostPort(server)
	plain := serve(t, connectProxy)
	secure := serve(t, func(conn net.Conn) {
		s := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{pair}})
		if s.Handshake() == nil {
			connectProxy(s)
		}
	})
	socks := serve(t, socksProxy)
	for sentence, c := range map[string]struct{ proxy, url, want string }{
		"CONNECT":                        {"http://user:hunter2@" + plain, "ws://" + server, ""},
		"CONNECT over TLS":               {"https://user:hunter2@" + secure, "ws://" + server, ""},
		"SOCKS5, the proxy knows names":  {"socks5://user:hunter2@" + socks, "ws://far.example:" + port, ""},
		"CONNECT, another password":      {"http://user:wrong@" + plain, "ws://" + server, "Proxy (http 407 \"Proxy Authentication Required\")"},
		"CONNECT, a server that is gone": {"http://user:hunter2@" + plain, "ws://127.0.0.1:1", "Proxy (http 502 \"Bad Gateway\")"},
		"SOCKS5, another password":       {"socks5://user:wrong@" + socks, "ws://far.example:" + port, "Proxy: through"},
		"SOCKS5, no password":            {"socks5h://" + socks, "ws://far.example:" + port, "Proxy: through"},
		"SOCKS5, a server that is gone":  {"socks5://user:hunter2@" + socks, "ws://far.example:1", "Proxy: through"},
		"a proxy that is gone":           {"http://user:hunter2@127.0.0.1:1", "ws://" + server, "Proxy (os "},
		"a scheme that is none":          {"ftp://user:hunter2@h", "ws://" + server, "InvalidSpec"},
		"rubbish":                        {"http://user:hunter2@h:port", "ws://" + server, "InvalidSpec"},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := &WebSocket{TLS: &tls.Config{RootCAs: roots, ServerName: "example.com"}, Proxy: ProxyURL(c.proxy)}
			conn, err := dial(t, w, Target{URL: c.url})
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				roundTrip(t, conn)
				return
			}
			if got := reasonFor(t, err).String(); !strings.HasPrefix(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows a credential: %v", err)
			}
		})
	}
}

func TestProxyFromEnvironment(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://plain:1")
	t.Setenv("HTTPS_PROXY", "socks5://secure:2")
	t.Setenv("NO_PROXY", "near.example")
	for target, want := range map[string]string{
		"ws://far.example/p":  "http://plain:1",
		"wss://far.example/p": "socks5://secure:2",
		"ws://near.example/p": "",
		"ws://127.0.0.1:9":    "",
		"tcp://far.example:1": "http://plain:1",
		"tls://far.example:1": "socks5://secure:2",
	} {
		u, _ := url.Parse(target)
		proxy, err := ProxyFromEnvironment(u)
		got := ""
		if proxy != nil {
			got = proxy.String()
		}
		if err != nil || got != want {
			t.Errorf("%s: got %q and %v, want %q", target, got, err, want)
		}
		same(t, "the URL is left alone", u.String(), target)
	}
}

// mirror sends back what it hears, and ends when the client has.
func mirror(conn net.Conn) { _, _ = io.Copy(conn, conn) }

// TestStreams sends more than any buffer holds over real sockets and ends it: all
// of it comes back before the end does.
func TestStreams(t *testing.T) {
	pair, roots := certificate(t)
	secured := func(handle func(net.Conn)) func(net.Conn) {
		return func(conn net.Conn) {
			s := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{pair}})
			handle(s)
			_ = s.Close()
		}
	}
	plain, secure := serve(t, mirror), serve(t, secured(mirror))
	_, port, _ := net.SplitHostPort(secure)
	for sentence, c := range map[string]struct{ proxy, url string }{
		"TCP":                          {"", "tcp://" + plain},
		"TLS":                          {"", "tls://" + secure},
		"TCP through CONNECT":          {"http://user:hunter2@" + serve(t, connectProxy), "tcp://" + plain},
		"TCP through CONNECT over TLS": {"https://user:hunter2@" + serve(t, secured(connectProxy)), "tcp://" + plain},
		"TLS through CONNECT over TLS": {"https://user:hunter2@" + serve(t, secured(connectProxy)), "tls://" + secure},
		"TLS through SOCKS5":           {"socks5://user:hunter2@" + serve(t, socksProxy), "tls://far.example:" + port},
	} {
		t.Run(sentence, func(t *testing.T) {
			stream := &TCP{TLS: &tls.Config{RootCAs: roots, ServerName: "example.com"}}
			if c.proxy != "" {
				stream.Proxy = ProxyURL(c.proxy)
			}
			conn, err := dial(t, stream, Target{URL: c.url})
			if err != nil {
				t.Fatal(err)
			}
			u := use(t, conn)
			wrote, read := 0, 0
			for ; wrote < 40; wrote++ {
				if err := conn.Write(Frame{FrameBinary, make([]byte, 50_000)}); err != nil {
					t.Fatal(err)
				}
			}
			_ = conn.Close(1000, "")
			for {
				frame, err := u.read()
				if err != nil {
					same(t, "ending", code(err), "ReadEOF")
					break
				}
				read += len(frame.Data)
			}
			same(t, "came back", read, wrote*50_000)
			same(t, "written", conn.Written(), uint64(wrote))
		})
	}
}
