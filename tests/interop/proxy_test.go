package interop

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport"
)

// cutAfter is how long the proxies let a socket be silent.
const cutAfter = 2 * time.Second

// proxies are the programs that stand between clients and servers, with what
// each of them says when the server behind it is away.
var proxies = map[string]struct {
	config  func(front, back, folder string) string
	args    func(config string) []string
	refusal messages.Reason
}{
	"haproxy": {
		config: func(front, back, _ string) string {
			return fmt.Sprintf(`
defaults
	mode http
	retries 0
	timeout connect 5s
	timeout client 30s
	timeout server 30s
	timeout tunnel %s
frontend front
	bind %s
	default_backend back
backend back
	server one %s
`, cutAfter, front, back)
		},
		args: func(config string) []string { return []string{"-db", "-f", config} },
		refusal: messages.Reason{
			Code: messages.ReasonTryLater,
			Wire: messages.Wire{Scheme: "http", Code: 503, Text: "Service Unavailable"},
		},
	},
	"nginx": {
		config: func(front, back, folder string) string {
			return fmt.Sprintf(`
daemon off;
master_process off;
pid %[4]s/pid;
events {}
http {
	access_log off;
	client_body_temp_path %[4]s;
	proxy_temp_path %[4]s;
	fastcgi_temp_path %[4]s;
	uwsgi_temp_path %[4]s;
	scgi_temp_path %[4]s;
	server {
		listen %[2]s;
		location / {
			proxy_pass http://%[3]s;
			proxy_http_version 1.1;
			proxy_set_header Upgrade $http_upgrade;
			proxy_set_header Connection upgrade;
			proxy_read_timeout %[1]s;
		}
	}
}
`, cutAfter, front, back, folder)
		},
		args: func(config string) []string { return []string{"-e", "stderr", "-c", config} },
		refusal: messages.Reason{
			Code: messages.ReasonUpgradeStatus,
			Wire: messages.Wire{Scheme: "http", Code: 502, Text: "Bad Gateway"},
		},
	},
}

// inFrontOf starts a proxy in front of a venue and returns where channels find
// it. It ends with the test. Whether it listens already is left to the channels:
// they come back until it does.
func inFrontOf(t *testing.T, server *venue, name string) transport.Address {
	t.Helper()
	program, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed: what it does to a channel is not tested here (%v)", name, err)
	}
	proxy, front, folder := proxies[name], quietAddress(t), t.TempDir()
	config := filepath.Join(folder, "config")
	if err := os.WriteFile(config, []byte(proxy.config(front, server.addr, folder)), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd := exec.Command(program, proxy.args(config)...)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s said:\n%s", name, said.String())
		}
	})
	return transport.Static("ws://" + front + "/socket")
}

func behindEachProxy(t *testing.T, test func(t *testing.T, name string)) {
	t.Parallel()
	for name := range proxies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, name)
		})
	}
}

func TestAChannelThatAProxyCutsForItsSilenceReturns(t *testing.T) {
	behindEachProxy(t, func(t *testing.T, name string) {
		server := gorilla(t, websocket.Upgrader{}, echoing)
		address := inFrontOf(t, server, name)
		l := newStage(t).open(supervisor.Spec{Address: address})
		up := l.until(messages.Ready)
		expectEchoes(l, 127)
		cut := l.until(messages.Backoff)
		if cut.Reason.Code != messages.ReasonReadEOF {
			t.Errorf("it ended with %s", cut.Reason)
		}
		// A proxy reads its clock once per turn, in whole milliseconds: it may cut a
		// little early. Anything much earlier was not its silence limit.
		if lived := cut.At.Sub(up.At); lived < cutAfter*9/10 {
			t.Errorf("it lived for %s, the proxy was to cut it after %s", lived, cutAfter)
		}
		l.until(messages.Ready)
		expectEchoes(l, 127)
	})
}

// A heartbeat every second keeps the socket alive for four times as long as the
// proxy suffers silence. The server counts the heartbeats, so nothing sleeps.
func TestHeartbeatsKeepAProxyFromCutting(t *testing.T) {
	behindEachProxy(t, func(t *testing.T, name string) {
		pings := newQueue[time.Time]()
		server := gorilla(t, websocket.Upgrader{}, func(conn *websocket.Conn, _ int) {
			answer := conn.PingHandler()
			conn.SetPingHandler(func(data string) error {
				pings.put(time.Now())
				return answer(data)
			})
			echoing(conn, 0)
		})
		address := inFrontOf(t, server, name)
		l := newStage(t).open(supervisor.Spec{Address: address, Keepalive: supervisor.Keepalive{Interval: time.Second}})
		up := l.until(messages.Ready)
		for last := up.At; last.Sub(up.At) < 4*cutAfter; {
			ping, err := pings.take(l.ctx)
			if err != nil {
				t.Fatal(err)
			}
			last = ping
		}
		if now := l.Snapshot(); now.Epoch != up.Epoch || now.Status != messages.Ready {
			t.Errorf("after %s it is %s in epoch %d, and was up in epoch %d", 4*cutAfter, now.Status, now.Epoch, up.Epoch)
		}
	})
}

func TestAChannelOutlastsAServerThatRestartsBehindAProxy(t *testing.T) {
	behindEachProxy(t, func(t *testing.T, name string) {
		server := gorilla(t, websocket.Upgrader{}, echoing)
		address := inFrontOf(t, server, name)
		l := newStage(t).open(supervisor.Spec{Address: address})
		l.until(messages.Ready)
		expectEchoes(l, 127)
		server.stop()
		if lost := l.until(messages.Backoff); lost.Reason.Code != messages.ReasonReadEOF {
			t.Errorf("it ended with %s", lost.Reason)
		}
		refused := l.until(messages.Backoff).Reason
		if want := proxies[name].refusal; refused.Code != want.Code || refused.Wire != want.Wire {
			t.Errorf("it was refused with %s, expected %s", refused, want)
		}
		server.start()
		l.until(messages.Ready)
		expectEchoes(l, 127)
	})
}
