package transport

import (
	"cmp"
	"crypto/tls"
	"sync"
)

// tlsConfigs shares one configuration among the connections to a server: each
// connection keeps its configuration alive, and sessions can be resumed.
type tlsConfigs struct {
	mu       sync.Mutex
	byName   map[string]*tls.Config
	sessions tls.ClientSessionCache
}

// maxTLSConfigs bounds what servers named by address callbacks can leave
// behind.
const maxTLSConfigs = 256

// of is the configuration for a server's name. One dialer always offers the same
// alpn.
func (t *tlsConfigs) of(base *tls.Config, name string, alpn []string) *tls.Config {
	t.mu.Lock()
	defer t.mu.Unlock()
	if config, ok := t.byName[name]; ok {
		return config
	}
	config := base.Clone()
	if config == nil {
		config = new(tls.Config)
	}
	config.ServerName = cmp.Or(config.ServerName, name)
	if config.NextProtos == nil {
		config.NextProtos = alpn
	}
	if config.ClientSessionCache == nil && !config.SessionTicketsDisabled {
		if t.sessions == nil {
			t.sessions = tls.NewLRUClientSessionCache(maxTLSConfigs)
		}
		config.ClientSessionCache = t.sessions
	}
	if t.byName == nil || len(t.byName) >= maxTLSConfigs {
		t.byName = make(map[string]*tls.Config)
	}
	t.byName[name] = config
	return config
}
