package api_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport/wukongim/api"
	"github.com/seed14814784/holdfast/transport/wukongim/wukongimtest"
)

func ExampleClient() {
	server := wukongimtest.NewServer(wukongimtest.V3)
	defer server.Close()
	client := &api.Client{URL: server.API, HTTP: server.Client()}
	ctx := context.Background()

	tea := api.Channel{ID: "tea", Type: 2}
	err := client.CreateChannel(ctx, tea, "alice", "bob")
	fmt.Println(err)
	_, err = client.Send(ctx, api.Outgoing{From: "alice", Channel: tea, Payload: []byte("hello")})
	fmt.Println(err)

	page, err := client.Messages(ctx, api.Query{UID: "bob", Channel: tea})
	fmt.Println(len(page.Messages), string(page.Messages[0].Payload), err)
	in, err := client.Member(ctx, "carol", tea)
	fmt.Println(in, err)

	_, err = client.MaxSeq(ctx, "bob", tea)
	if errors.Is(err, messages.ReasonNotSupported) {
		fmt.Println("a server of version 3")
	}
	// Output:
	// <nil>
	// <nil>
	// 1 hello <nil>
	// NotMember <nil>
	// a server of version 3
}
