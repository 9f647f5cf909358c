package wukongimtest

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport/wstest"
	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

// house is a server in a bubble, with alice, bob and carol, and the group tea that
// alice and bob are in.
type house struct {
	*testing.T
	*Server
	network    *wstest.Network
	transcript *wstest.Transcript
	began      time.Time
}

// in runs a test in a bubble, once for each way that the profile's clients have.
func in(t *testing.T, profile Profile, test func(h *house, w way), options ...Option) {
	t.Helper()
	for _, w := range ways {
		if w.rpc && !profile.behaviour().rpc {
			continue
		}
		t.Run(w.name, func(t *testing.T) {
			alone(t, profile, func(h *house) { test(h, w) }, options...)
		})
	}
}

// alone runs a test in a bubble.
func alone(t *testing.T, profile Profile, test func(h *house), options ...Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := &house{T: t, network: wstest.NewNetwork(), transcript: &wstest.Transcript{}, began: time.Now()}
		options = append([]Option{WithTest(t), WithTranscript(h.transcript)}, options...)
		h.Server = NewServerOn(h.network, "wukong.example", profile, options...)
		for _, uid := range []string{"alice", "bob", "carol"} {
			h.AddUser(uid, "token-"+uid)
		}
		h.AddChannel("tea", 2, "alice", "bob")
		test(h)
	})
}

// ends waits for the end of a connection and says how and when it came.
func (h *house) ends(c *client, want string, after time.Duration) {
	h.Helper()
	began := time.Now()
	got := c.hearWithin(time.Hour)
	if took := time.Since(began); got != want || took != after {
		h.Errorf("%q after %s, want %q after %s", got, took, want, after)
	}
}

func token(text string) func(*wire.Connect) {
	return func(p *wire.Connect) { p.Token = messages.NewSecret(text) }
}

func deviceID(id string) func(*wire.Connect) { return func(p *wire.Connect) { p.DeviceID = id } }

// post asks the HTTP API and returns the status, if it is not 200, and the answer.
func (h *house) post(path, body string) string {
	h.Helper()
	return answered(h.T, func() (*http.Response, error) {
		return h.Client().Post(h.API+path, "application/json", strings.NewReader(body))
	})
}

func (h *house) get(path string) string {
	h.Helper()
	return answered(h.T, func() (*http.Response, error) { return h.Client().Get(h.API + path) })
}

func answered(t *testing.T, ask func() (*http.Response, error)) string {
	t.Helper()
	r, err := ask()
	if err != nil {
		return err.Error()
	}
	defer func() { _ = r.Body.Close() }()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	said := strings.TrimSpace(string(text))
	if r.StatusCode != http.StatusOK {
		said = r.Status[:3] + " " + said
	}
	return said
}

// told compares the transcript since it was cleared, and clears it.
func (h *house) told(want string) {
	h.Helper()
	synctest.Wait()
	if d := h.transcript.Diff(want); d != "" {
		h.Error(d)
	}
	h.transcript.Clear()
}

// at lets time pass until then, from the beginning.
func (h *house) at(then time.Duration) {
	time.Sleep(then - time.Since(h.began))
	synctest.Wait()
}
