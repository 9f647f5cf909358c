package api

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/seed14814784/holdfast/messages"
)

func TestNothingIsSentWithAClientThatWillNotDo(t *testing.T) {
	for name, client := range map[string]*Client{
		"no client":               nil,
		"no URL":                  {},
		"another scheme":          {URL: "ws://chat.example"},
		"no scheme":               {URL: "chat.example:5001"},
		"no host":                 {URL: "http://:5001"},
		"no URL at all":           {URL: "http://ann:secret@[::1"},
		"a password with a slash": {URL: "http://ann:1/secret@chat.example?x"},
		"a query":                 {URL: "http://chat.example/?token=secret"},
		"a fragment":              {URL: "http://chat.example/#secret"},
		"a token of two lines":    {URL: "http://chat.example", Token: messages.NewSecret("secret\r\nX: y")},
		"a negative timeout":      {URL: "http://chat.example", Timeout: -1},
	} {
		err := client.Check()
		same(t, name, reasonFor(t, err).Code, messages.ReasonInvalidSpec)
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
		_, err = client.Route(t.Context(), "u")
		same(t, name, reasonFor(t, err).Code, messages.ReasonInvalidSpec)
	}
}

func TestNothingIsSentThatMeansNothing(t *testing.T) {
	client, desk := open(t, says(200, ok))
	secret := messages.NewSecret("tok")
	for name, do := range map[string]func(ctx) error{
		"a token for nobody":            func(x ctx) error { return client.SetToken(x, Token{Token: secret}) },
		"an empty token":                func(x ctx) error { return client.SetToken(x, Token{UID: "u"}) },
		"nobody's device":               func(x ctx) error { return client.QuitDevice(x, "", 0) },
		"nobody's route":                func(x ctx) error { _, err := client.Route(x, ""); return err },
		"nobody's connections":          func(x ctx) error { _, err := client.Connections(x, ""); return err },
		"nobody's conversations":        func(x ctx) error { _, err := client.Conversations(x, "", 1); return err },
		"fewer messages than none":      func(x ctx) error { _, err := client.Conversations(x, "u", -1); return err },
		"a kick for nobody":             func(x ctx) error { return client.Kick(x, Connection{ID: 1}) },
		"a kick for no connection":      func(x ctx) error { return client.Kick(x, Connection{UID: "u"}) },
		"a channel without an ID":       func(x ctx) error { return client.CreateChannel(x, Channel{Type: 2}) },
		"a channel without a type":      func(x ctx) error { return client.AddSubscribers(x, Channel{ID: "g"}) },
		"the state of no channel":       func(x ctx) error { return client.SetInfo(x, Channel{}, Info{}) },
		"the end of no channel":         func(x ctx) error { return client.DeleteChannel(x, Channel{}) },
		"the last number of no channel": func(x ctx) error { _, err := client.MaxSeq(x, "u", Channel{}); return err },
		"the subscribers of no channel": func(x ctx) error { _, err := client.Subscribers(x, Channel{}); return err },
		"a message to no channel":       func(x ctx) error { _, err := client.Send(x, Outgoing{}); return err },
		"a message that ended long ago": func(x ctx) error { _, err := client.Send(x, Outgoing{Channel: g, Expire: -1}); return err },
		"nobody in a channel":           func(x ctx) error { _, err := client.Member(x, "", g); return err },
		"a history for nobody":          func(x ctx) error { _, err := client.Messages(x, Query{Channel: g}); return err },
		"the history of no channel":     func(x ctx) error { _, err := client.Messages(x, Query{UID: "u"}); return err },
		"a page of too many messages":   func(x ctx) error { _, err := client.Messages(x, Query{UID: "u", Channel: g, Limit: 1001}); return err },
		"a page of fewer than none":     func(x ctx) error { _, err := client.Messages(x, Query{UID: "u", Channel: g, Limit: -1}); return err },
	} {
		same(t, name, reasonFor(t, do(t.Context())).Code, messages.ReasonInvalidSpec)
	}
	online, err := client.Online(t.Context())
	same(t, "who of nobody is online", online, []Online(nil))
	same(t, "the error of that", err, nil)
	same(t, "what was sent", desk.log(), []string(nil))
}

// A server may repeat what it was given.
func TestNothingShowsASecret(t *testing.T) {
	client, desk := open(t, func(w http.ResponseWriter, r *http.Request) {
		said := fmt.Sprintf(`{"msg":"bad: %s %s %s"}`, r.Header.Get("Token"), strings.ReplaceAll(string(body(r)), `"`, `'`), r.Header.Get("Authorization"))
		says(400, said)(w, r)
	})
	client.Token = messages.NewSecret("manager-secret")
	client.URL = strings.Replace(client.URL, "://", "://ann:password-secret@", 1)
	token := Token{UID: "u1", Token: messages.NewSecret("token-secret")}
	m := Message{ID: 7, Seq: 8, Channel: g, Payload: []byte("payload-secret")}
	refused := client.SetToken(t.Context(), token)
	same(t, "what was sent", desk.headers[0].Get("Token"), "manager-secret")
	desk.Close()
	gone := client.SetToken(t.Context(), token)
	garbled, _ := open(t, says(200, `{"messages":[{"payload":"payload-secret"}]}`))
	_, unread := garbled.Messages(t.Context(), Query{UID: "u", Channel: g})
	for _, x := range []any{refused, gone, unread, client, *client, token, m, outgoing, Page{Messages: []Message{m}}, Outgoing{Payload: m.Payload}, []*Client{client}, client.String()} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			if text := fmt.Sprintf(verb, x); strings.Contains(text, "secret") {
				t.Errorf("%s of a %T: %s", verb, x, text)
			}
		}
	}
	same(t, "what is shown of a message", m.String(), "message 7, number 8 of 2/g, 14 bytes")
	if !strings.Contains(refused.Error(), "***") {
		t.Error(refused)
	}
}

func TestAPathOfTheURLComesBeforeEveryRoute(t *testing.T) {
	for path, want := range map[string]string{"": "/cluster", "/": "/cluster", "/im": "/im/cluster", "/im/": "/im/cluster", "/a%2Fb/": "/a%2Fb/cluster"} {
		client, desk := open(t, says(200, `[]`))
		client.URL += path
		if _, err := client.Subscribers(t.Context(), Channel{"x y", 2}); err != nil {
			t.Error(err)
		}
		same(t, path, desk.log(), []string{"GET " + want + "/channels/x%20y/2/subscribers"})
	}
}

// A server that restarts leaves dead connections behind, which is seen only when the
// next question has been written. Two messages for one are worse than an error.
func TestAQuestionIsAskedAgainWhenItsConnectionWasDead(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(ctx, *Client) error
		want messages.Code
		asks int
	}{
		"a history": {func(x ctx, c *Client) error { _, err := c.Messages(x, Query{UID: "u", Channel: g}); return err }, messages.ReasonOK, 2},
		"a message": {func(x ctx, c *Client) error { _, err := c.Send(x, outgoing); return err }, messages.ReasonReadEOF, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			n := 0
			client, desk := open(t, func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				if n++; n == 2 {
					panic(http.ErrAbortHandler)
				}
				says(200, `{"message_id":1}`)(w, r)
			})
			if err := client.Health(t.Context()); err != nil {
				t.Fatal(err)
			}
			same(t, "the reason", reasonFor(t, c.do(t.Context(), client)).Code, c.want)
			same(t, "how often it was asked", len(desk.log()), 1+c.asks)
			same(t, "the header", desk.headers[1]["Idempotency-Key"], []string(nil))
		})
	}
}

// One after another, whatever the answers are, calls share a connection; and many at
// once leave theirs to the many that follow.
func TestConnectionsAreUsedAgain(t *testing.T) {
	statuses := []int{200, 400, 404, 500}
	client, desk := open(t, func(w http.ResponseWriter, r *http.Request) {
		says(statuses[len(r.URL.Query().Get("uid"))%len(statuses)], `{"a":"`+strings.Repeat("x", 10_000)+`"}`)(w, r)
	})
	client.HTTP = nil
	defer client.CloseIdleConnections()
	for n := range 40 {
		_, _ = client.Route(t.Context(), strings.Repeat("u", 1+n))
	}
	same(t, "the number of connections", desk.connections(), 1)
	const atOnce = 200 // as a gate lets them
	for range 5 {
		var group sync.WaitGroup
		for range atOnce {
			group.Go(func() { _, _ = client.Route(t.Context(), "uuuu") })
		}
		group.Wait()
	}
	if made := desk.connections(); made > 2*atOnce {
		t.Errorf("%d connections were made for 5 times %d calls", made, atOnce)
	}
}
