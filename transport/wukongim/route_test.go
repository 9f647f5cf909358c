package wukongim

import (
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
	const both = `{"tcp_addr":"10.0.0.1:5100","ws_addr":"ws://10.0.0.1:5200","wss_addr":""}`
	for name, c := range map[string]struct {
		router Router
		answer string
		want   string
	}{
		"over TCP":                   {Router{}, both, "tcp://10.0.0.1:5100"},
		"over WebSocket":             {Router{Over: WebSocket}, both, "ws://10.0.0.1:5200"},
		"of another user":            {Router{UID: "bob"}, both, "tcp://10.0.0.1:5100"},
		"over what is not served":    {Router{Over: SecureWebSocket}, both, "CredCallbackError: the server has no address for SecureWebSocket; choose another Router.Over, or configure the server's external addresses"},
		"without a port":             {Router{}, `{"tcp_addr":"10.0.0.1"}`, `CredCallbackError: the server's address for TCP is "tcp://10.0.0.1", which is none`},
		"over something else":        {Router{Over: WebSocket}, `{"ws_addr":"http://10.0.0.1"}`, `CredCallbackError: the server's address for WebSocket is "http://10.0.0.1", which is none`},
		"from a server that is none": {Router{}, `<html>`, "ProtocolError: the answer of 6 bytes cannot be read; is this the API of WuKongIM?"},
	} {
		t.Run(name, func(t *testing.T) {
			asked := ""
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = r.URL.RequestURI()
				_, _ = io.WriteString(w, c.answer)
			}))
			defer server.Close()
			client := server.Client()
			defer client.CloseIdleConnections()
			c.router.API = &api.Client{URL: server.URL, HTTP: client}
			target, err := c.router.Resolve(t.Context(), transport.AddressRequest{Channel: "ann"})
			got := target.URL
			if reason, failed := messages.ReasonOf(err); failed {
				got = reason.String()
			}
			who := "ann"
			if c.router.UID != "" {
				who = c.router.UID
			}
			if got != c.want || asked != "/route?uid="+who {
				t.Errorf("asked for %s, it says %s, and should say %s", asked, got, c.want)
			}
		})
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
	if text := Route("http://ann:secret@a:5001").String(); strings.Contains(text, "secret") {
		t.Error(text)
	}
}
