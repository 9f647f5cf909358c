package wukongimtest

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// addresses is GET /route.
func addresses(s *Server, _ *request) (any, error) {
	return map[string]string{"tcp_addr": strings.TrimPrefix(s.TCP, "tcp://"), "ws_addr": s.WS, "wss_addr": ""}, nil
}

// healthy is GET /health, /healthz and /readyz.
func healthy(*Server, *request) (any, error) { return map[string]string{"status": "ok"}, nil }

// numbers is GET /varz.
func numbers(s *Server, _ *request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]any{
		"server_id": strconv.Itoa(node), "connections": len(s.loggedIn(nil)), "uptime": time.Since(s.began).String(),
		"in_msgs": len(s.received), "tcp_addr": strings.TrimPrefix(s.TCP, "tcp://"), "ws_addr": s.WS,
	}, nil
}

// metrics is GET /metrics.
func metrics(s *Server, _ *request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("# TYPE wukongim_connections gauge\nwukongim_connections %d\n", len(s.loggedIn(nil))), nil
}

// connRow is a connection of /connz.
type connRow struct {
	ID         uint64    `json:"id"`
	UID        string    `json:"uid"`
	IP         string    `json:"ip"`
	Port       int       `json:"port"`
	Last       time.Time `json:"last_activity"`
	Uptime     string    `json:"uptime"`
	Idle       string    `json:"idle"`
	InPackets  int       `json:"in_packets"`
	OutPackets int       `json:"out_packets"`
	Device     string    `json:"device"`
	DeviceID   string    `json:"device_id"`
	Version    byte      `json:"version"`
	Node       int       `json:"node_id"`
}

// connections is GET /connz. Zombies are not there: the server has forgotten them.
func connections(s *Server, r *request) (any, error) {
	uid := r.URL.Query().Get("uid")
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil || limit <= 0 {
		limit = 20
	}
	rows := []connRow{}
	s.mu.Lock()
	defer s.mu.Unlock()
	total := 0
	for _, c := range s.conns {
		if c.stage != online && c.stage != fading || uid != "" && uid != c.device.uid {
			continue
		}
		if total++; total <= limit {
			rows = append(rows, c.row())
		}
	}
	return map[string]any{"connections": rows, "now": time.Now(), "total": total, "offset": 0, "limit": limit}, nil
}

// devices are the names of device flags.
var devices = map[byte]string{0: "App", 1: "Web", 2: "PC", 99: "System"}

func (c *Conn) row() connRow {
	now := time.Now()
	level := "从"
	if c.level == master {
		level = "主"
	}
	row := connRow{
		ID: c.number, UID: c.device.uid, Last: c.heard, Uptime: now.Sub(c.logged).String(), Idle: now.Sub(c.heard).String(),
		InPackets: c.in, OutPackets: c.out, Device: fmt.Sprintf("%s(%s)", devices[c.device.flag], level), DeviceID: c.device.id,
		Version: c.version, Node: node,
	}
	if host, port, err := net.SplitHostPort(c.peer()); err == nil {
		row.IP = host
		row.Port, _ = strconv.Atoi(port)
	}
	return row
}

// peer is where the connection comes from.
func (c *Conn) peer() string {
	carrier := c.server.tcp
	if c.web {
		carrier = c.server.ws
	}
	return carrier.Dials()[c.line.Number()-1].Addr
}

// connBody names a connection.
type connBody struct {
	UID  string `json:"uid"`
	ID   uint64 `json:"conn_id"`
	Node int    `json:"node_id"`
}

// onConn does something to the connection that a request names, if it is there.
func onConn(s *Server, r *request, do func(*Conn)) (any, error) {
	var in connBody
	if err := r.read(&in); err != nil {
		return nil, err
	}
	if in.UID == "" {
		return nil, refusal{http.StatusBadRequest, "uid不能为空！"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.world.users[in.UID]; u != nil {
		if i := slices.IndexFunc(u.conns, func(c *Conn) bool { return c.number == in.ID && c.stage == online }); i >= 0 {
			do(u.conns[i])
		}
	}
	return done, nil
}

// connKick is POST /conn/kick.
func connKick(s *Server, r *request) (any, error) {
	return onConn(s, r, func(c *Conn) { c.kick(byServer) })
}

// connRemove is POST /conn/remove: the server forgets the connection, and tells nobody.
func connRemove(s *Server, r *request) (any, error) {
	return onConn(s, r, func(c *Conn) {
		c.bury()
		c.later(s.zombie, func() { c.hangUp(closed) })
	})
}
