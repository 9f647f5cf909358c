// Package stage runs a question: it starts a server and a client for each peer in
// each round, and compares what the clients found.
//
//	parent ── starts ──►  server   holds the other ends
//	   │                    ▲ ▲
//	   │                    │ └──── control: bursts, counts
//	   └───── starts ──►  client   one peer, and what measures it
//
// All three are the same program. A process ends when its standard input does, so
// that none is left behind even if the parent is killed.
package stage

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/seed14814784/holdfast/tests/bench/internal/peer"
)

// Question is one thing to find out about every peer.
type Question struct {
	Name    string
	N       int           // channels, unless -n says otherwise
	For     time.Duration // traffic, unless -for says otherwise; 0: it has none
	Echo    bool          // the server sends messages back
	Metrics []Metric      // in the order of the table; the first ones matter most
	Measure func(context.Context, *Run) error
}

// Metric is a name, and whether less of it is better.
type Metric struct {
	name string
	less bool
}

// Less is a metric of which less is better.
func Less(name string) Metric { return Metric{name, true} }

// More is a metric of which more is better.
func More(name string) Metric { return Metric{name, false} }

// settings are what the flags say. The processes of one run share them.
type settings struct {
	n       int
	rounds  int
	traffic time.Duration
	timeout time.Duration
	tls     bool
	resume  bool
	json    bool
	peers   string
	profile string
}

// Main answers the question, with the flags of the command line and those that
// the question has of its own, and ends the program if there is no answer.
func Main(q Question) {
	var s settings
	flag.IntVar(&s.n, "n", q.N, "channels")
	flag.IntVar(&s.rounds, "rounds", 3, "rounds; medians are reported")
	if q.For > 0 {
		flag.DurationVar(&s.traffic, "for", q.For, "time of each measurement")
	}
	flag.DurationVar(&s.timeout, "timeout", 5*time.Minute, "limit for one peer in one round")
	flag.BoolVar(&s.tls, "tls", false, "wss instead of ws")
	flag.BoolVar(&s.resume, "resume", false, "with -tls: sessions are resumed")
	flag.BoolVar(&s.json, "json", false, "end with one line of JSON")
	flag.StringVar(&s.peers, "peers", strings.Join(peer.Names[1:], ","), "whom to compare with")
	flag.StringVar(&s.profile, "profile", "", "write profiles of the clients into this folder")
	flag.Parse()

	if err := answer(q, s); err != nil {
		fmt.Fprintln(os.Stderr, q.Name+":", err)
		os.Exit(1)
	}
}

func answer(q Question, s settings) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	switch os.Getenv(roleVariable) {
	case "server":
		return serve(s)
	case "client":
		return measure(ctx, q, s)
	}
	if s.n < 1 || s.rounds < 1 {
		return fmt.Errorf("-n is %d and -rounds is %d; both must be above zero", s.n, s.rounds)
	}
	if s.resume && !s.tls {
		return fmt.Errorf("-resume is about sessions of TLS; add -tls")
	}
	if most := descriptors(s.n+spareDescriptors) - spareDescriptors; s.n > most {
		fmt.Printf("a process may open %d descriptors here: n is %d instead of %d\n", most+spareDescriptors, most, s.n)
		s.n = most
	}
	r, err := compare(ctx, q, s)
	if err != nil {
		return err
	}
	r.table(os.Stdout, q.Metrics, s.names())
	if s.json {
		return json.NewEncoder(os.Stdout).Encode(r)
	}
	return nil
}

// names are the peers of this run, Holdfast first; those without TLS are left out
// where there is TLS.
func (s settings) names() []string {
	names := peer.Names[:1:1]
	for name := range strings.SplitSeq(s.peers, ",") {
		if name != "" && name != names[0] && (name != "nbio" || !s.tls) {
			names = append(names, name)
		}
	}
	return names
}
