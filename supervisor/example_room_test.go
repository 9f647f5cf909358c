package supervisor_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/centrifugo"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// A room is joined once. It has a handler of its own, and a policy for what may
// happen to it.
func ExampleChannel_Join() {
	server := wstest.NewServer(wstest.WithHandler(func(c *wstest.Conn) { // as Centrifugo would answer
		c.Next()
		c.Send(`{"id":1,"connect":{"client":"ann"}}`)
		c.Next()
		c.Send(`{"id":2,"subscribe":{"recoverable":true,"epoch":"e","offset":41}}`)
		c.Send(`{"push":{"channel":"tea","pub":{"data":"hello","offset":42}}}`)
		c.Next()
		c.Send(`{"id":3,"error":{"code":102,"message":"unknown channel"}}`)
		c.Wait()
	}))
	defer server.Close()
	ctx := context.Background()
	fleet, err := supervisor.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer fleet.Close(ctx)
	ch, err := fleet.Open(ctx, supervisor.Spec{
		ID:       "ann",
		Address:  transport.Static(server.URL),
		Protocol: centrifugo.New(centrifugo.Options{}),
		Handler:  supervisor.Discard,
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	heard := make(chan messages.Received)
	tea, err := ch.Join(ctx, supervisor.RoomSpec{
		ID:      "tea",
		Handler: func(m messages.Received) { heard <- m },
		Policy:  messages.RoomPolicy{OnGap: messages.CallOnGap},
		Gap:     func(g messages.Gap) { fmt.Println("load what came after", g.After.Offset) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := tea.Wait(ctx); err != nil {
		fmt.Println(err)
		return
	}
	m := <-heard
	fmt.Printf("%s: %s at offset %d\n", m.Room, m.Data, m.Position.Offset)

	party, err := ch.Join(ctx, supervisor.RoomSpec{ID: "party"})
	if err != nil {
		fmt.Println(err) // the wish is not usable; what the server says comes later
		return
	}
	_, err = party.Wait(ctx)
	fmt.Println(party, errors.Is(err, messages.ReasonRoomNotExist))
	fmt.Println(tea)
	// Output:
	// tea: "hello" at offset 42
	// ann/party is Gone true
	// ann/tea is Joined
}
