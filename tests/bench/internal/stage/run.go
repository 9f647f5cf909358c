package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/seed14814784/holdfast/tests/bench/internal/gauge"
	"github.com/seed14814784/holdfast/tests/bench/internal/peer"
	"github.com/seed14814784/holdfast/tests/bench/internal/server"
)

// Run is the measurement of one peer, in a process of its own.
type Run struct {
	N       int
	For     time.Duration // of traffic
	URLs    []string
	Server  *server.Remote
	Figures gauge.Figures // what was found

	settings settings
	brief    clientBrief
	parent   chan json.RawMessage
}

// clientBrief is what a client is told when it starts.
type clientBrief struct {
	Peer      string
	N         int
	Addresses server.Addresses
	Cert      []byte
}

// report is what a client says: its figures, or that the server should be killed
// and be down for a time.
type report struct {
	Figures gauge.Figures
	Down    time.Duration
}

// serve is the server's process.
func serve(s settings) error {
	descriptors(s.n + spareDescriptors)
	input := json.NewDecoder(os.Stdin)
	var brief server.Brief
	if err := input.Decode(&brief); err != nil {
		return err
	}
	return server.Serve(brief, io.MultiReader(input.Buffered(), os.Stdin))
}

// measure is the client's process.
func measure(ctx context.Context, q Question, s settings) error {
	descriptors(s.n + spareDescriptors)
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	r := &Run{For: s.traffic, Figures: gauge.Figures{}, settings: s, parent: make(chan json.RawMessage)}
	go r.listen()
	if err := r.hear(ctx, &r.brief); err != nil {
		return err
	}
	r.N = r.brief.N
	scheme := "ws"
	if s.tls {
		scheme = "wss"
	}
	for i := range r.N {
		r.URLs = append(r.URLs, fmt.Sprintf("%s://%s/", scheme, r.brief.Addresses.Data[i/perAddress]))
	}
	var err error
	if r.Server, err = server.Dial(r.brief.Addresses.Control); err != nil {
		return err
	}
	if err := q.Measure(ctx, r); err != nil {
		return fmt.Errorf("%s: %w", r.brief.Peer, err)
	}
	return json.NewEncoder(os.Stdout).Encode(report{Figures: r.Figures})
}

// listen passes on what the parent says, and ends the process when it is gone.
func (r *Run) listen() {
	input := json.NewDecoder(os.Stdin)
	for {
		var said json.RawMessage
		if input.Decode(&said) != nil {
			os.Exit(1)
		}
		r.parent <- said
	}
}

func (r *Run) hear(ctx context.Context, what any) error {
	select {
	case said := <-r.parent:
		return json.Unmarshal(said, what)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Peer is whom this process measures.
func (r *Run) Peer(c peer.Config) (peer.Peer, error) {
	c.TLS = trusting(r.brief.Cert, r.settings.resume)
	return peer.New(r.brief.Peer, c)
}

// Restart has the server killed, and started again after a time at the same
// addresses. It returns when it was asked for, and when the new one
// listened.
func (r *Run) Restart(ctx context.Context, down time.Duration) (killed, back time.Time, err error) {
	killed = time.Now()
	if err := json.NewEncoder(os.Stdout).Encode(report{Down: down}); err != nil {
		return killed, back, err
	}
	if err := r.hear(ctx, &struct{}{}); err != nil {
		return killed, back, err
	}
	err = r.hear(ctx, &server.Addresses{})
	return killed, time.Now(), err
}
