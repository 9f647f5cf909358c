package wukongim_test

import (
	"context"
	"fmt"

	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wukongim"
	"github.com/seed14814784/holdfast/transport/wukongim/api"
	"github.com/seed14814784/holdfast/transport/wukongim/wukongimtest"
)

// The Address of a channel asks the server where its user belongs, before each attempt.
func ExampleRoute() {
	server := wukongimtest.NewServer(wukongimtest.V2)
	defer server.Close()

	address := wukongim.Route(server.API)
	defer address.API.CloseIdleConnections()
	target, err := address.Resolve(context.Background(), transport.AddressRequest{Channel: "alice"})
	fmt.Println(target.URL == server.TCP, err)

	address.Over = wukongim.WebSocket
	target, err = address.Resolve(context.Background(), transport.AddressRequest{Channel: "alice"})
	fmt.Println(target.URL == server.WS, err)
	// Output:
	// true <nil>
	// true <nil>
}

// A session fetches what it missed, and asks who is in, over the HTTP API.
func ExampleAPI() {
	server := wukongimtest.NewServer(wukongimtest.V2)
	defer server.Close()
	server.AddChannel("tea", byte(wukongim.Group), "alice")

	syncer := wukongim.API(&api.Client{URL: server.API, HTTP: server.Client()})
	protocol := wukongim.New(wukongim.Options{Syncer: syncer})
	fmt.Println(protocol.Name())

	answer, err := syncer.Member(context.Background(), "bob", wukongim.Channel{Type: wukongim.Group, ID: "tea"})
	fmt.Println(answer == wukongim.NotMember, err)
	// Output:
	// wukongim
	// true <nil>
}
