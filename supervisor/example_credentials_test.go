package supervisor_test

import (
	"context"
	"fmt"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// Ten channels of one identity ask for one token, which their address callback
// puts into a header.
func ExampleCredentials() {
	server := wstest.NewServer()
	defer server.Close()
	ctx := context.Background()
	fleet, err := supervisor.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer fleet.Close(ctx)

	calls := 0
	alice := &supervisor.Credentials{
		Identity: "alice",
		Fetch: func(_ context.Context, r supervisor.TokenRequest) (messages.Token, error) {
			calls++ // never twice at once
			return messages.Token{User: r.Identity, Secret: messages.NewSecret("token"), Expires: time.Now().Add(time.Hour)}, nil
		},
	}
	for i := range 10 {
		ch, err := fleet.Open(ctx, supervisor.Spec{
			ID: messages.ChannelID(fmt.Sprintf("room-%d", i)),
			Address: transport.AddressFunc(func(_ context.Context, r transport.AddressRequest) (transport.Target, error) {
				return transport.Target{URL: server.URL, Header: map[string][]string{"Authorization": {"Bearer " + r.Token.Secret.Reveal()}}}, nil
			}),
			Handler:     supervisor.Discard,
			Credentials: alice,
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		if _, err := ch.Wait(ctx); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println(alice, "were fetched", calls, "time")
	conns, err := server.Await(ctx, 10)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(conns[9].Request().Header.Get("Authorization"))
	// Output:
	// credentials of "alice" were fetched 1 time
	// Bearer token
}

// A name and a token that does not change; whatever prints them shows no token.
func ExampleStaticToken() {
	spec := supervisor.Spec{
		ID:          "room-42",
		Address:     transport.Static("wss://chat.example/socket"),
		Handler:     supervisor.Discard,
		Credentials: supervisor.StaticToken("uid-7", "token"),
	}
	fmt.Println(spec)
	fmt.Printf("%#v\n", spec.Credentials)
	// Output:
	// room-42 at wss://chat.example/socket
	// supervisor.Credentials(credentials of "uid-7")
}
