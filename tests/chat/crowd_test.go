package chat

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wukongim"
	"github.com/seed14814784/holdfast/transport/wukongim/wukongimtest"
)

// Two thousand users log in over real sockets, through one protocol, and each is told
// something that was meant for it.
func TestTwoThousandLogins(t *testing.T) {
	const users = 2000
	for _, over := range []string{"tcp", "ws"} {
		t.Run(over, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			server := wukongimtest.NewServer(wukongimtest.V2, wukongimtest.WithTest(t))
			url := server.TCP
			if over == "ws" {
				url = server.WS
			}
			fleet, err := supervisor.New(
				supervisor.WithDialer(wukongim.Dialer()),
				supervisor.WithProtocol(wukongim.New(wukongim.Options{})),
				supervisor.WithLimits(supervisor.Limits{PerSecond: users, Burst: users}),
			)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := fleet.Close(context.Background()); err != nil {
					t.Error(err)
				}
			}()
			var told, wrong atomic.Int64
			all := make([]*supervisor.Channel, users)
			began := time.Now()
			for i := range all {
				uid := fmt.Sprintf("user%d", i)
				server.AddUser(uid, "token-of-"+uid)
				all[i], err = fleet.Open(ctx, supervisor.Spec{
					ID: messages.ChannelID(uid), Address: transport.Static(url), Credentials: supervisor.StaticToken(uid, "token-of-"+uid),
					Handler: func(m messages.Received) {
						if string(m.Data) != "for "+uid {
							wrong.Add(1)
						}
						told.Add(1)
					},
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			for _, ch := range all {
				if _, err := ch.Wait(ctx, messages.Ready); err != nil {
					t.Fatalf("%v; %s", err, ch)
				}
			}
			took := time.Since(began)
			for i := range all {
				uid := fmt.Sprintf("user%d", i)
				server.Send("somebody", uid, byte(wukongim.Person), []byte("for "+uid))
			}
			for told.Load() < users && ctx.Err() == nil {
				time.Sleep(10 * time.Millisecond)
			}
			if told.Load() != users || wrong.Load() > 0 || server.MaxOpen() != 1 || len(server.Online()) != users {
				t.Errorf("%d were told something, %d something that was not meant for them; a user had up to %d connections; %d are online",
					told.Load(), wrong.Load(), server.MaxOpen(), len(server.Online()))
			}
			t.Logf("%d logins in %v", users, took)
		})
	}
}
