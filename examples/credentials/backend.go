package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// life is how long a token is good.
const life = 3 * time.Second

// backend is a token service, and a server that lets nobody in without a token
// and puts everybody out whose token has ended.
type backend struct {
	*wstest.Server

	mu     sync.Mutex
	issued int
	ends   map[string]time.Time
}

func newBackend() *backend {
	b := &backend{ends: map[string]time.Time{}}
	b.Server = wstest.NewServer(wstest.WithHandler(b.serve))
	return b
}

// issue is the credentials callback: elsewhere it would ask over HTTP.
func (b *backend) issue(_ context.Context, request supervisor.TokenRequest) (messages.Token, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.issued++
	secret := fmt.Sprintf("%s-%d", request.Identity, b.issued)
	b.ends[secret] = time.Now().Add(life)
	fmt.Printf("        token %d is issued to %s\n", b.issued, request.Identity)
	return messages.Token{User: request.Identity, Secret: messages.NewSecret(secret), Expires: b.ends[secret]}, nil
}

// revoke ends every token there is.
func (b *backend) revoke() {
	b.mu.Lock()
	clear(b.ends)
	b.mu.Unlock()
	b.Drop()
}

func (b *backend) tokens() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.issued
}

// serve answers LOGIN and RENEW, and closes when the last token ends.
func (b *backend) serve(c *wstest.Conn) {
	var out *time.Timer
	defer func() {
		if out != nil {
			out.Stop()
		}
	}()
	for m := range c.Messages() {
		_, secret, _ := strings.Cut(string(m.Data), " ")
		b.mu.Lock()
		left := time.Until(b.ends[secret])
		b.mu.Unlock()
		if left <= 0 {
			c.Send("NO")
			continue
		}
		if out != nil {
			out.Stop()
		}
		out = time.AfterFunc(left, func() { c.Kick(expired, "your token has ended") })
		c.Send("YES")
	}
}
