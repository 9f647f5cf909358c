package wukongimtest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// maxBody is the most bytes of a request.
const maxBody = 8 << 20

type dialFunc = func(ctx context.Context, network, addr string) (net.Conn, error)

// api is the HTTP half of a server.
type api struct {
	server  *Server
	listen  func(addr string) (net.Listener, error)
	addr    string
	client  *http.Client
	idle    func() // closes what the client keeps
	routes  map[string]route
	running sync.WaitGroup // the accepting goroutine, and every connection

	mu       sync.Mutex
	http     *http.Server // nil while the server is down
	listener net.Listener
}

// route answers one request with what becomes JSON, or with an error.
type route func(s *Server, r *request) (any, error)

// request is a request with its body.
type request struct {
	*http.Request
	body []byte
}

// read reads the body as JSON.
func (r *request) read(into any) error {
	if err := json.Unmarshal(r.body, into); err != nil {
		return refusal{http.StatusBadRequest, "数据格式有误！" + err.Error()}
	}
	return nil
}

// refusal is an answer that says no.
type refusal struct {
	status int
	words  string
}

// Error is what the server says.
func (r refusal) Error() string { return r.words }

func newAPI(s *Server, listen func(string) (net.Listener, error), addr string, dial dialFunc) *api {
	transport := &http.Transport{DialContext: dial}
	a := &api{
		server: s, listen: listen, addr: addr, routes: maps.Clone(commonRoutes),
		client: &http.Client{Transport: transport}, idle: transport.CloseIdleConnections,
	}
	if s.members {
		maps.Copy(a.routes, v3Routes)
	} else {
		maps.Copy(a.routes, v2Routes)
	}
	return a
}

// up listens, unless it does.
func (a *api) up() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.http != nil {
		return nil
	}
	listener, err := a.listen(a.addr)
	if err != nil {
		return err
	}
	a.addr = listener.Addr().String()
	server := &http.Server{
		Handler: a, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0),
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				a.running.Add(1)
			case http.StateClosed, http.StateHijacked:
				a.running.Done()
			default:
			}
		},
	}
	a.http, a.listener = server, listener
	a.running.Go(func() { _ = server.Serve(listener) })
	return nil
}

// down stops listening and ends every connection.
func (a *api) down() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.http != nil {
		_ = a.listener.Close() // the server knows it only when its goroutine has begun
		_ = a.http.Close()
		a.http = nil
	}
}

// close waits until nothing is left.
func (a *api) close() {
	a.down()
	a.idle()
	a.running.Wait()
}

// ServeHTTP answers a request.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer a.server.guard()
	pattern := r.Method + " " + r.URL.Path
	if parts := strings.Split(r.URL.Path, "/"); len(parts) == 6 && parts[1] == "cluster" {
		r.SetPathValue("id", parts[3])
		r.SetPathValue("type", parts[4])
		parts[3], parts[4] = "{id}", "{type}"
		pattern = r.Method + " " + strings.Join(parts, "/")
	}
	answer, found := a.routes[pattern]
	if !found {
		http.NotFound(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return
	}
	status := http.StatusOK
	said, err := answer(a.server, &request{r, body})
	if err != nil {
		no, ok := errors.AsType[refusal](err)
		if !ok {
			return // the client has gone
		}
		status, said = no.status, map[string]any{"msg": no.words, "status": no.status}
	}
	text, plain := said.(string)
	if plain {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, text)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(said)
}

// done is what most requests are answered with.
var done = map[string]int{"status": http.StatusOK}

// commonRoutes are those of all servers.
var commonRoutes = map[string]route{
	"POST /user/token":                userToken,
	"POST /user/device_quit":          userQuit,
	"POST /user/onlinestatus":         userOnline,
	"POST /channel":                   channelMake,
	"POST /channel/subscriber_add":    channelJoin,
	"POST /channel/subscriber_remove": channelLeave,
	"POST /channel/blacklist_add":     channelBlock,
	"POST /channel/blacklist_remove":  channelUnblock,
	"POST /channel/info":              channelInfo,
	"POST /channel/delete":            channelDelete,
	"POST /channel/messagesync":       messageSync,
	"POST /message/send":              messageSend,
	"GET /route":                      addresses,
}

var v2Routes = map[string]route{
	"GET /health":                  healthy,
	"GET /varz":                    numbers,
	"GET /connz":                   connections,
	"POST /conn/kick":              connKick,
	"POST /conn/remove":            connRemove,
	"GET /channel/max_message_seq": maxSeq,
	"POST /conversation/sync":      conversationSync,

	"GET /cluster/channels/{id}/{type}/subscribers": subscribers,
}

var v3Routes = map[string]route{
	"GET /healthz": healthy,
	"GET /readyz":  healthy,
	"GET /metrics": metrics,
}
