package api

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/seed14814784/holdfast/messages"
)

const ok = `{"status":200}`

var g = Channel{ID: "g", Type: 2}

// desk is a server that writes down what it is asked.
type desk struct {
	*httptest.Server
	mu      sync.Mutex
	asked   []string
	headers []http.Header
	dials   int
}

func open(t *testing.T, answer http.HandlerFunc) (*Client, *desk) {
	t.Helper()
	d := &desk{}
	d.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		d.mu.Lock()
		d.asked = append(d.asked, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+string(body)))
		d.headers = append(d.headers, r.Header)
		d.mu.Unlock()
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer(w, r)
	}))
	d.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			d.mu.Lock()
			d.dials++
			d.mu.Unlock()
		}
	}
	d.Start()
	t.Cleanup(func() {
		d.Client().CloseIdleConnections()
		d.Close()
	})
	return &Client{URL: d.URL, HTTP: d.Client()}, d
}

// log is what was asked so far.
func (d *desk) log() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.asked...)
}

// connections is how many were made to it.
func (d *desk) connections() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dials
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// answers are those of a server that has some paths and no others.
type answers map[string]http.HandlerFunc

func (a answers) serve(w http.ResponseWriter, r *http.Request) {
	if answer, found := a[r.URL.Path]; found {
		answer(w, r)
		return
	}
	says(http.StatusNotFound, "404 page not found")(w, r)
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s is\n%+v\nand should be\n%+v", what, got, want)
	}
}

// reasonFor is why an error happened, without the wait that comes with it.
func reasonFor(t *testing.T, err error) messages.Reason {
	t.Helper()
	reason, ok := messages.ReasonOf(err)
	if err != nil && !ok {
		t.Errorf("no reason in %v", err)
	}
	return reason
}

// body is that of a request.
func body(r *http.Request) []byte {
	text, _ := io.ReadAll(r.Body)
	return text
}
