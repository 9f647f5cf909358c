package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// peers are who is measured; the ratios are the first one's over the others'.
var peers = []string{"holdfast", "gorilla"}

// figures are what one peer reached, by metric.
type figures map[string]float64

// compare measures every peer in every round, in turn, so that a machine whose
// speed drifts is unfair to none, and prints the medians.
func compare(ctx context.Context, s settings) error {
	all := map[string][]figures{}
	for round := range s.rounds {
		for _, peer := range peers {
			f, err := s.once(ctx, peer)
			if err != nil {
				return fmt.Errorf("%s in round %d: %w", peer, round+1, err)
			}
			all[peer] = append(all[peer], f)
		}
	}
	r := result{Question: "core", N: s.n, Rounds: s.rounds, Results: map[string]figures{}, Ratios: map[string]figures{}}
	for peer, rounds := range all {
		r.Results[peer] = medians(rounds)
	}
	r.divide()
	r.table(os.Stdout)
	if s.json {
		return json.NewEncoder(os.Stdout).Encode(r)
	}
	return nil
}

func medians(rounds []figures) figures {
	m := figures{}
	for metric := range rounds[0] {
		values := make([]float64, len(rounds))
		for i, f := range rounds {
			values[i] = f[metric]
		}
		slices.Sort(values)
		m[metric] = (values[(len(values)-1)/2] + values[len(values)/2]) / 2
	}
	return m
}

// once measures one peer, with a server and a client of its own: what a peer
// left in memory, or in the system's table of closed connections, is not the
// next one's burden.
func (s settings) once(ctx context.Context, peer string) (figures, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	server, err := s.start(ctx, "server")
	if err != nil {
		return nil, err
	}
	defer server.end()
	addr, err := server.line()
	if err != nil {
		return nil, fmt.Errorf("the server: %w", err)
	}
	client, err := s.start(ctx, "client", "-peer", peer, "-addr", addr)
	if err != nil {
		return nil, err
	}
	defer client.end()
	answer, err := client.line()
	if err != nil {
		return nil, fmt.Errorf("the client: %w", err)
	}
	var f figures
	if err := json.Unmarshal([]byte(answer), &f); err != nil {
		return nil, fmt.Errorf("the client said %q: %w", answer, err)
	}
	return f, nil
}

// process is this program in another role. It ends when its standard input
// does, so that none is left behind even if this process is killed.
type process struct {
	cmd   *exec.Cmd
	input interface{ Close() error }
	lines *bufio.Reader
}

func (s settings) start(ctx context.Context, role string, more ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := append([]string{"-role", role, "-n", strconv.Itoa(s.n), "-timeout", s.timeout.String(), "-profile", s.profile}, more...)
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Stderr, cmd.WaitDelay = os.Stderr, 5*time.Second
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &process{cmd, input, bufio.NewReader(output)}, nil
}

func (p *process) line() (string, error) {
	line, err := p.lines.ReadString('\n')
	return strings.TrimSpace(line), err
}

func (p *process) end() {
	_ = p.input.Close()
	_ = p.cmd.Wait()
}
