package supervisor_test

import (
	"context"
	"fmt"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// A function that knows when this machine is offline can say so. The channel
// waits for it, and not for a dial that fails.
func ExampleNetworkFunc() {
	cable, known := make(chan bool), make(chan struct{})
	fleet, err := supervisor.New(supervisor.WithNetwork(supervisor.NetworkFunc(
		func(ctx context.Context, tell func(up bool)) error {
			tell(false) // what is known at the beginning
			close(known)
			for {
				select {
				case up := <-cable:
					tell(up)
				case <-ctx.Done():
					return nil
				}
			}
		})))
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	defer fleet.Close(ctx)
	server := wstest.NewServer()
	defer server.Close()
	<-known // a channel that is opened earlier would make one attempt
	ch, err := fleet.Open(ctx, supervisor.Spec{ID: "a", Address: transport.Static(server.URL), Handler: supervisor.Discard})
	if err != nil {
		fmt.Println(err)
		return
	}
	snapshot, _ := ch.Wait(ctx, messages.Held)
	fmt.Println(snapshot.Reason.Code.String())
	cable <- true
	_, err = ch.Wait(ctx, messages.Ready)
	fmt.Println(err)
	// Output:
	// NetworkDown
	// <nil>
}
