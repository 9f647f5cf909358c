package transport

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/seed14814784/holdfast/messages"
)

func TestRedactHidesWhatMayBeACredential(t *testing.T) {
	for raw, want := range map[string]string{
		"":                                       "",
		"wss://chat.example/socket":              "wss://chat.example/socket",
		"wss://chat.example:8443":                "wss://chat.example:8443",
		"wss://user:hunter2@chat.example/@home":  "wss://chat.example/***@home",
		"wss://chat.example/p?token=hunter2&v=1": "wss://chat.example/p?token=***&v=***",
		"wss://chat.example?hunter2":             "wss://chat.example?***",
		"wss://chat.example/?a@b=hunter2":        "wss://chat.example/?***",
		"wss://chat.example/p#hunter2":           "wss://chat.example/p",
		"wss://user:hun/ter2@chat.example/p":     "wss://chat.example/p",
		"wss://user:hun?ter2@chat.example/p":     "wss://chat.example/p",
		"wss://user:hun#ter2@chat.example/p":     "wss://chat.example/p",
		"wss://user:hunter2@chat.example:x/p":    "wss://chat.example:x/p",
		"wss://user:12/hunter2@chat.example/p":   "wss://user:12/***@chat.example/p",
		"user:hunter2@chat.example":              "chat.example",
		"user://hunter2@chat.example?x":          "user://chat.example?***",
		"//user:hunter2@chat.example/p":          "/***@chat.example/p",
	} {
		if got := Redact(raw); got != want {
			t.Errorf("%q:\n got %q\nwant %q", raw, got, want)
		}
	}
}

func TestATargetPrintsNoCredentials(t *testing.T) {
	target := Target{
		URL: "wss://bob:hush@host/a?token=hush", Header: http.Header{"Authorization": {"Bearer hush"}},
		Subprotocols: []string{"bearer.hush"}, Token: messages.NewToken("hush"),
	}
	for _, x := range []any{target, &target, Opening{Target: target}, []Target{target}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			if got := fmt.Sprintf(verb, x); strings.Contains(got, "hush") || !strings.Contains(got, "host/a") {
				t.Errorf("%s of a %T: %s", verb, x, got)
			}
		}
	}
}

func TestURLsAreCheckedWithWords(t *testing.T) {
	for raw, want := range map[string]string{
		"wss://chat.example/p?q":   "",
		"chat.example":             "it has no scheme",
		"ws:chat.example":          "it names no host",
		"ws://:80/":                "it names no host",
		"ws://h/#x":                "has no fragment",
		"ws://h:port":              "it does not parse",
		"tcp://chat.example:5100":  "",
		"tls://[::1]:5100/":        "",
		"tcp://chat.example":       "it names no port",
		"tls://hunter2@h:1":        "more than host and port",
		"ws://user:hunter2@h:port": "it does not parse",
		"":                         "it has no scheme",
	} {
		_, err := ParseURL(raw)
		if want == "" {
			same(t, raw, err, error(nil))
			continue
		}
		same(t, raw, reasonFor(t, err).Code, messages.ReasonInvalidSpec)
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func TestEndpointsAreHostAndPort(t *testing.T) {
	for raw, want := range map[string]string{
		"wss://Chat.Example/p":    "chat.example:443",
		"ws://chat.example":       "chat.example:80",
		"ws://chat.example:8080":  "chat.example:8080",
		"ws://[::1]/":             "[::1]:80",
		"ws://[::1]:90/":          "[::1]:90",
		"TCP://Chat.Example:5100": "chat.example:5100",
		"tls://chat.example":      "",
		"rubbish":                 "",
	} {
		same(t, raw, Endpoint(raw), want)
	}
}

// FuzzRedact checks that no password of a URL is ever shown, whatever makes the
// URL unusable.
func FuzzRedact(f *testing.F) {
	for _, seed := range []string{"", "a/b", "a?b", "a#b", "a@b", "%zz", "a:b", "[", "://"} {
		f.Add("wss", seed, "chat.example/p?v=1")
	}
	f.Fuzz(func(t *testing.T, scheme, noise, rest string) {
		const secret = "hunter2"
		if strings.ContainsAny(rest, "@") || strings.Contains(scheme+noise+rest, secret) || !isScheme(scheme) {
			return
		}
		for _, raw := range []string{
			scheme + "://user:" + noise + secret + "@" + rest,
			scheme + "://user:" + secret + noise + "@" + rest,
		} {
			if got := Redact(raw); strings.Contains(got, secret) {
				t.Fatalf("%q is shown as %q", raw, got)
			}
		}
	})
}
