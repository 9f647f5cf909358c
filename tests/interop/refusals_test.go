package interop

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport"
)

// refusing answers the first requests with a status, and upgrades the others.
func refusing(t *testing.T, times int, refuse func(http.ResponseWriter)) *venue {
	t.Helper()
	left := make(chan int, 1)
	left <- times
	var upgrader websocket.Upgrader
	return newVenue(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := <-left
		left <- max(n-1, 0)
		if n > 0 {
			refuse(w)
			return
		}
		if conn, err := upgrader.Upgrade(w, r, nil); err == nil {
			defer conn.Close()
			_ = echo(conn)
		}
	}))
}

func with(status int) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { http.Error(w, "no", status) }
}

func TestRefusalsOfTheUpgrade(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		refuse func(http.ResponseWriter)
		until  messages.Status
		story  string
	}{
		"403 will never let us in": {with(403), messages.Failed, `
			Failed reason=Forbidden (http 403 "Forbidden") action=LogIn
			`},
		"404 is the wrong address": {with(404), messages.Failed, `
			Failed reason=BadRequest (http 404 "Not Found") action=CheckConfiguration
			`},
		"200 is no WebSocket server": {with(200), messages.Failed, `
			Failed reason=BadRequest (http 200 "OK") action=CheckConfiguration
			`},
		"302 is not followed": {func(w http.ResponseWriter) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(302)
		}, messages.Failed, `
			Failed reason=BadRequest (http 302 "Found") action=CheckConfiguration
			`},
		"400 may pass": {with(400), messages.Ready, `
			Backoff reason=UpgradeStatus (http 400 "Bad Request") attempt=1
			Ready attempt=1
			`},
		"502 passes": {with(502), messages.Ready, `
			Backoff reason=UpgradeStatus (http 502 "Bad Gateway") attempt=1
			Ready attempt=1
			`},
		"503 passes": {with(503), messages.Ready, `
			Backoff reason=TryLater (http 503 "Service Unavailable") attempt=1
			Ready attempt=1
			`},
		"429 passes": {with(429), messages.Ready, `
			Backoff reason=RateLimited (http 429 "Too Many Requests") attempt=1
			Ready attempt=1
			`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := refusing(t, 1, c.refuse)
			newStage(t).open(supervisor.Spec{Address: server.address()}).expectStory(c.until, c.story)
		})
	}
}

func TestRetryAfterOfTheServerIsAFloor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		after  func() string
	}{
		"429 in seconds": {429, func() string { return "2" }},
		"503 as a date":  {503, func() string { return time.Now().Add(3 * time.Second).UTC().Format(http.TimeFormat) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := refusing(t, 1, func(w http.ResponseWriter) {
				w.Header().Set("Retry-After", c.after())
				w.WriteHeader(c.status)
			})
			l := newStage(t).open(supervisor.Spec{Address: server.address()})
			refused := l.until(messages.Backoff)
			back := l.until(messages.Ready)
			asked := refused.Reason.RetryAfter
			if asked < 2*time.Second || asked > 3*time.Second || refused.RetryIn < asked {
				t.Errorf("the server asked for %s, and the delay is %s", asked, refused.RetryIn)
			}
			if waited := back.At.Sub(refused.At); waited < asked {
				t.Errorf("the channel came back after %s, the server had asked for %s", waited, asked)
			}
		})
	}
}

// Rejected credentials are asked for anew once, at once; what is rejected again
// counts, and the third time is the end.
func TestA401AsksForFreshCredentials(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		times int
		until messages.Status
		story string
		asked []bool // whether fresh credentials were asked for
	}{
		"and they are accepted": {1, messages.Ready, "\nReady\n", []bool{false, true}},
		"and they are rejected for ever": {1000, messages.Failed, `
			Backoff reason=AuthRejected (http 401 "Unauthorized") attempt=1 action=RenewCredentials
			Backoff reason=AuthRejected (http 401 "Unauthorized") attempt=2 action=RenewCredentials
			Failed reason=AuthFailuresExceeded (http 401 "Unauthorized") attempt=2 action=LogIn
			`, []bool{false, true, false, true, false, true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := refusing(t, c.times, with(401))
			asked := newQueue[bool]()
			l := newStage(t).open(supervisor.Spec{
				Address: transport.AddressFunc(func(_ context.Context, r transport.AddressRequest) (transport.Target, error) {
					asked.put(r.Refresh)
					return transport.Target{URL: "ws://" + server.addr + "/"}, nil
				}),
			})
			l.expectStory(c.until, c.story)
			if got := fmt.Sprint(asked.all()); got != fmt.Sprint(c.asked) {
				t.Errorf("the address was asked to refresh: %v, expected %v", got, c.asked)
			}
		})
	}
}
