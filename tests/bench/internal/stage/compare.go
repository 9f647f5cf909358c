package stage

import (
	"context"
	"fmt"
	"slices"

	"github.com/seed14814784/holdfast/tests/bench/internal/gauge"
	"github.com/seed14814784/holdfast/tests/bench/internal/server"
)

// perAddress is how many connections share one address of the server: the system
// has about 28,000 ports for each, and takes long to find a free one among many that
// are not, those of closed connections among them.
const perAddress = 8_000

// compare measures every peer in every round. Every other round goes the other
// way round, so that a machine whose speed drifts is unfair to none.
func compare(ctx context.Context, q Question, s settings) (*result, error) {
	order := s.names()
	all := map[string][]gauge.Figures{}
	for round := range s.rounds {
		for _, name := range order {
			f, err := once(ctx, q, s, name)
			if err != nil {
				return nil, fmt.Errorf("%s in round %d: %w", name, round+1, err)
			}
			all[name] = append(all[name], f)
		}
		slices.Reverse(order)
	}
	r := &result{Question: q.Name, N: s.n, Rounds: s.rounds, Results: map[string]gauge.Figures{}, Ratios: map[string]gauge.Figures{}}
	for name, rounds := range all {
		r.Results[name] = gauge.Medians(rounds)
	}
	r.divide(q.Metrics)
	return r, nil
}

// once measures one peer, with a server and a client of its own: what a peer left
// in memory, or in the system's table of closed connections, which knows the port of
// the server, is not the next one's burden.
func once(ctx context.Context, q Question, s settings, name string) (gauge.Figures, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	brief := server.Brief{Echo: q.Echo}
	for i := range (s.n-1)/perAddress + 1 {
		brief.Listen = append(brief.Listen, fmt.Sprintf("127.0.0.%d:0", i+1))
	}
	if s.tls {
		var err error
		if brief.Cert, brief.Key, err = certificate(); err != nil {
			return nil, err
		}
	}
	house, where, err := startServer(ctx, brief)
	if err != nil {
		return nil, err
	}
	defer func() { house.end() }() // the one that is there in the end
	client, err := start(ctx, "client", clientBrief{Peer: name, N: s.n, Addresses: where, Cert: brief.Cert})
	if err != nil {
		return nil, err
	}
	defer client.end()
	for {
		var said report
		if err := client.hear(&said); err != nil {
			return nil, fmt.Errorf("the client: %w", err)
		}
		if said.Figures != nil {
			return said.Figures, nil
		}
		house.kill()
		if err := client.tell(struct{}{}); err != nil {
			return nil, err
		}
		if err := pause(ctx, said.Down); err != nil {
			return nil, err
		}
		brief.Listen = where.Data
		next, again, err := startServer(ctx, brief)
		if err != nil {
			return nil, err
		}
		house = next
		if err := client.tell(again); err != nil {
			return nil, err
		}
	}
}

func startServer(ctx context.Context, brief server.Brief) (*process, server.Addresses, error) {
	var where server.Addresses
	p, err := start(ctx, "server", brief)
	if err != nil {
		return nil, where, err
	}
	if err := p.hear(&where); err != nil {
		p.end()
		return nil, where, fmt.Errorf("the server: %w", err)
	}
	return p, where, nil
}
