package server

import (
	"context"
	"fmt"
	"net/rpc"
)

// Remote is the server as the client's process sees it.
type Remote struct{ client *rpc.Client }

// Dial reaches the control of a server.
func Dial(addr string) (*Remote, error) {
	client, err := rpc.Dial("tcp", addr)
	return &Remote{client}, err
}

// Tell calls one of the methods of [Control] and does not wait for it.
func (r *Remote) Tell(method string, what any) {
	r.client.Go("Server."+method, what, new(int64), make(chan *rpc.Call, 1))
}

// Ask calls one of the methods of [Control] and returns the number that it
// answers. It blocks until then, or until ctx ends.
func (r *Remote) Ask(ctx context.Context, method string, what any) (count int64, err error) {
	call := r.client.Go("Server."+method, what, &count, make(chan *rpc.Call, 1))
	select {
	case <-call.Done:
		if call.Error != nil {
			return 0, fmt.Errorf("the server, asked for %s: %w", method, call.Error)
		}
		return count, nil
	case <-ctx.Done():
		return 0, fmt.Errorf("the server, asked for %s: %w", method, ctx.Err())
	}
}
