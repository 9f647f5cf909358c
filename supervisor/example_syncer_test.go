package supervisor_test

import (
	"context"
	"fmt"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// A Syncer fetches what was said while nobody was there. The server greets with a
// live message at once, but the handler gets the old ones first.
func ExampleSyncer() {
	server := wstest.NewServer(wstest.WithHandler(wstest.Push("live")))
	defer server.Close()
	ctx := context.Background()
	fleet, err := supervisor.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer fleet.Close(ctx)

	heard := make(chan string, 3)
	_, err = fleet.Open(ctx, supervisor.Spec{
		ID:      "a",
		Address: transport.Static(server.URL),
		Handler: func(m messages.Received) { heard <- string(m.Data) },
		Syncer: func(ctx context.Context, login *supervisor.Sync) error {
			for _, text := range []string{"yesterday", "this morning"} { // from a database or an HTTP API
				if err := login.Deliver(messages.KindText, "", []byte(text)); err != nil {
					return err
				}
			}
			return nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 3 {
		fmt.Println(<-heard)
	}
	// Output:
	// yesterday
	// this morning
	// live
}
