package wukongim

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wukongim/api"
)

func TestRoutes(t *testing.T) {
	const (
		both = `{"tcp_addr":"10.0.0.1:5100","ws_addr":"ws://10.0.0.1:5200","wss_addr":""}`
		all  = `{"tcp_addr":"tcp://[::1]:5100","ws_addr":"10.0.0.1:5200","wss_addr":"WSS://im.example/wk"}`
	)
	for name, c := range map[string]struct {
		router Router
		answer string
		want   string
	}{
		"over TCP":                   {Router{}, both, "tcp://10.0.0.1:5100"},
		"over WebSocket":             {Router{Over: WebSocket}, both, "ws://10.0.0.1:5200"},
		"over WebSocket with TLS":    {Router{Over: SecureWebSocket}, all, "WSS://im.example/wk"},
		"with a scheme":              {Router{}, all, "tcp://[::1]:5100"},
		"without a scheme":           {Router{Over: WebSocket}, all, "ws://10.0.0.1:5200"},
		"of another user":            {Router{UID: "b@o#b&"}, both, "tcp://10.0.0.1:5100"},
		"over what is not served":    {Router{Over: SecureWebSocket}, both, "CredCallbackError: the server has no address for SecureWebSocket; choose another Router.Over, or configure the server's external addresses"},
		"without a port":             {Router{}, `{"tcp_addr":"10.0.0.1"}`, `CredCallbackError: the server's address for TCP is "10.0.0.1", and has to be host:port; configure the server's external addresses`},
		"without a host":             {Router{}, `{"tcp_addr":":5100"}`, `CredCallbackError: the server's address for TCP is ":5100", and has to be host:port; configure the server's external addresses`},
		"that is no address":         {Router{Over: WebSocket}, `{"ws_addr":"ws://%zz"}`, `CredCallbackError: the server's address for WebSocket is "ws://%zz", and has to be ws://host:port; configure the server's external addresses`},
		"over something else":        {Router{Over: WebSocket}, `{"ws_addr":"http://10.0.0.1"}`, `CredCallbackError: the server's address for WebSocket is "http://10.0.0.1", and has to be ws://host:port; configure the server's external addresses`},
		"without TLS":                {Router{Over: SecureWebSocket}, `{"wss_addr":"ws://10.0.0.1"}`, `CredCallbackError: the server's address for SecureWebSocket is "ws://10.0.0.1", and has to be wss://host:port; configure the server's external addresses`},
		"with a password":            {Router{}, `{"tcp_addr":"ann:secret@10.0.0.1:5100"}`, `CredCallbackError: the server's address for TCP is "10.0.0.1:5100", and has to be host:port; configure the server's external addresses`},
		"from a server that is none": {Router{}, `<html>`, "ProtocolError: the answer of 6 bytes cannot be read; is this the API of WuKongIM?"},
	} {
		t.Run(name, func(t *testing.T) {
			asked := ""
			c.router.API = routes(t, func(w http.ResponseWriter, r *http.Request) {
				asked = r.URL.Path + " " + r.URL.Query().Get("uid")
				_, _ = io.WriteString(w, c.answer)
			})
			target, err := c.router.Resolve(t.Context(), transport.AddressRequest{Channel: "ann"})
			got := target.URL
			if reason, failed := messages.ReasonOf(err); failed {
				got = reason.String()
			}
			who := "ann"
			if c.router.UID != "" {
				who = c.router.UID
			}
			if got != c.want || asked != "/route "+who {
				t.Errorf("asked for %s, it says %s, and should say %s", asked, got, c.want)
			}
		})
	}
}

func routes(t *testing.T, answer http.HandlerFunc) *api.Client {
	server := httptest.NewServer(answer)
	client := server.Client()
	t.Cleanup(func() {
		client.CloseIdleConnections()
		server.Close()
	})
	return &api.Client{URL: server.URL, HTTP: client}
}

// The manager's token is not the user's: that it is refused must not end a fleet.
func TestNothingThatAnAPISaysIsFinal(t *testing.T) {
	for status, want := range map[int]string{
		401: "CredCallbackError (http 401): the API wants another token; check Client.Token",
		403: "CredCallbackError (http 403): the API wants another token; check Client.Token",
		404: "NotSupported (http 404): this server has no such call",
		503: "TryLater (http 503)",
	} {
		router := Router{API: routes(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })}
		_, err := router.Resolve(t.Context(), transport.AddressRequest{Channel: "ann"})
		reason, _ := messages.ReasonOf(err)
		if reason.String() != want || reason.Class().Final() {
			t.Errorf("after %d it says %s, and should say %s", status, reason, want)
		}
	}
}

func TestRoutersThatWillNotDo(t *testing.T) {
	for name, router := range map[string]Router{
		"no API":          {},
		"no URL":          Route(""),
		"another carrier": {API: &api.Client{URL: "http://a"}, Over: 3},
	} {
		if reason, _ := messages.ReasonOf(router.Check()); reason.Code != messages.ReasonInvalidSpec {
			t.Errorf("%s: %v", name, reason)
		}
	}
}

func TestARouterShowsNoSecret(t *testing.T) {
	router := Route("http://ann:secret@a:5001")
	router.API.Token = messages.NewSecret("secret")
	for _, x := range []any{router, &router, Router{}, []Router{router}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			if text := fmt.Sprintf(verb, x); strings.Contains(text, "secret") || !strings.Contains(text, "the route of") {
				t.Errorf("%s of a %T: %s", verb, x, text)
			}
		}
	}
}
