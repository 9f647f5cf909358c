package transport

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"

	"golang.org/x/net/http/httpproxy"
	"golang.org/x/net/proxy"

	"github.com/seed14814784/holdfast/messages"
)

// ProxyFromEnvironment takes the proxy from HTTP_PROXY (for ws and tcp),
// HTTPS_PROXY (for wss and tls) and NO_PROXY, or their lower-case names, as they are at that
// moment. Loopback addresses are never proxied.
func ProxyFromEnvironment(u *url.URL) (*url.URL, error) {
	asHTTP := *u
	switch u.Scheme {
	case "ws", "tcp":
		asHTTP.Scheme = "http"
	case "wss", "tls":
		asHTTP.Scheme = "https"
	}
	return httpproxy.FromEnvironment().ProxyFunc()(&asHTTP)
}

// ProxyURL is always that proxy: http://, https://, socks5:// or socks5h://,
// with user:password@ if it wants them. A URL that is not usable is every
// dial's error.
func ProxyURL(raw string) func(*url.URL) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err == nil && (u.Hostname() == "" || proxyPorts[u.Scheme] == "") {
		err = invalidURL(raw, "a proxy is http, https, socks5 or socks5h, and has a host")
	}
	return func(*url.URL) (*url.URL, error) { return u, err }
}

// proxyPorts are the kinds of proxies and their default ports.
var proxyPorts = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}

// connectThrough makes a connection to the server through a proxy. Everything
// that goes wrong on the way is ReasonProxy, except that time ran out, or what this
// machine has not enough of.
func (a *attempt) connectThrough(ctx context.Context, via *url.URL) (net.Conn, error) {
	port, ok := proxyPorts[via.Scheme]
	if !ok || via.Hostname() == "" {
		return nil, a.fail(nil, messages.Because(messages.ReasonInvalidSpec, "the proxy %s is not usable; it is http, https, socks5 or socks5h, and has a host", Redact(via.String())))
	}
	if via.Port() != "" {
		port = via.Port()
	}
	addr := net.JoinHostPort(via.Hostname(), port)
	var conn net.Conn
	var err error
	if via.Scheme == "http" || via.Scheme == "https" {
		conn, err = a.connectHTTP(ctx, via, addr)
	} else {
		conn, err = a.connectSOCKS(ctx, via, addr)
	}
	if err == nil {
		return conn, nil
	}
	if own, ok := errors.AsType[*messages.Error](err); ok {
		return nil, own
	}
	failure := a.failed(ctx, err, messages.ReasonProxy, "the proxy "+addr)
	if code := failure.Reason.Code; code != messages.ReasonDialTimeout {
		if code.Class() != messages.ClassStarved {
			failure.Reason.Code = messages.ReasonProxy
		}
		failure.Reason.Detail = "through the proxy " + addr + ": " + failure.Reason.Detail
	}
	return nil, failure
}

// connectSOCKS asks a SOCKS5 proxy for the server by its name (RFC 1928).
func (a *attempt) connectSOCKS(ctx context.Context, via *url.URL, addr string) (net.Conn, error) {
	var auth *proxy.Auth
	if via.User != nil {
		password, _ := via.User.Password()
		auth = &proxy.Auth{User: via.User.Username(), Password: password}
	}
	socks, err := proxy.SOCKS5("tcp", addr, auth, forward{a.road})
	if err != nil {
		return nil, err
	}
	return socks.(proxy.ContextDialer).DialContext(ctx, "tcp", a.addr)
}

// forward lets the SOCKS client dial as the dialer does.
type forward struct{ road }

func (f forward) Dial(_, addr string) (net.Conn, error) {
	return f.dialTCP(context.Background(), addr)
}

func (f forward) DialContext(ctx context.Context, _, addr string) (net.Conn, error) {
	return f.dialTCP(ctx, addr)
}

// connectHTTP asks an HTTP proxy for a tunnel (RFC 9110, 9.3.6), over TLS if
// its URL says https.
func (a *attempt) connectHTTP(ctx context.Context, via *url.URL, addr string) (net.Conn, error) {
	raw, err := a.dialTCP(ctx, addr)
	if err != nil {
		return nil, err
	}
	conn := raw
	if via.Scheme == "https" {
		secure := tls.Client(raw, a.configs.of(a.tls, via.Hostname(), a.alpn))
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = raw.Close()
			return nil, err
		}
		conn = secureTunnel{secure, raw}
	}
	if err := within(ctx, conn, func() error { return a.tunnel(conn, via) }); err != nil {
		_ = raw.Close()
		return nil, err
	}
	return conn, nil
}

// secureTunnel is a TLS connection to a proxy. Close closes the socket without
// a close-notify, which could block.
type secureTunnel struct {
	*tls.Conn
	raw net.Conn
}

func (t secureTunnel) Close() error { return t.raw.Close() }

// tunnel sends CONNECT and reads the head of the answer. The body of a refusal
// goes with the socket.
func (a *attempt) tunnel(conn net.Conn, via *url.URL) error {
	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: a.addr}, Host: a.addr, Header: make(http.Header)}
	if via.User != nil {
		request.Header.Set("Proxy-Authorization", basic(via.User))
	}
	if err := request.Write(conn); err != nil {
		return err
	}
	// Nothing comes after the answer before we have spoken, so the buffer does
	// not swallow bytes of the tunnel.
	response, err := http.ReadResponse(bufio.NewReader(io.LimitReader(conn, maxAnswer)), request)
	if err != nil {
		return err
	}
	if response.StatusCode/100 == 2 {
		return nil
	}
	reason := refusal(response)
	reason.Code = messages.ReasonProxy
	reason.Detail = "the proxy " + via.Host + " does not open a tunnel"
	if response.StatusCode == http.StatusProxyAuthRequired {
		reason.Detail += "; check its user and password"
	}
	return a.fail(nil, reason)
}
