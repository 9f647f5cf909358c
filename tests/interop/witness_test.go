package interop

import (
	"context"

	"github.com/seed14814784/holdfast/transport"
)

// witness is the protocol of a plain socket that also remembers what was agreed
// on with the server.
type witness struct {
	transport.Protocol
	openings *queue[transport.Opening]
}

func newWitness() *witness { return &witness{transport.Raw(), newQueue[transport.Opening]()} }

func (w *witness) NewSession(opening transport.Opening) transport.Session {
	w.openings.put(opening)
	return w.Protocol.NewSession(opening)
}

// agreed is what the next connection agreed on.
func (w *witness) agreed(ctx context.Context) (transport.ConnInfo, error) {
	opening, err := w.openings.take(ctx)
	return opening.Info, err
}
