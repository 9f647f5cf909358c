// Package bench holds the questions, each a command in a folder of its own; see
// README.md. Its tests ask every one of them for a moment.
package bench

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
)

// answer is what -json promises. Nothing else may be in it.
type answer struct {
	Question string                        `json:"question"`
	N        int                           `json:"n"`
	Rounds   int                           `json:"rounds"`
	Results  map[string]map[string]float64 `json:"results"`
	Ratios   map[string]map[string]float64 `json:"ratios"`
}

// questions are the commands and the metrics that each must answer with.
var questions = map[string][]string{
	"idle":      {"rss_per_channel", "heap_per_channel", "goroutines_per_channel", "heap_left_per_channel", "goroutines_left", "descriptors_left"},
	"connect":   {"connects_per_second", "cpu_per_connect"},
	"inbound":   {"msgs_per_second", "cpu_per_million", "allocs_per_msg", "batched_msgs_per_second", "batched_cpu_per_million", "batched_allocs_per_msg"},
	"outbound":  {"msgs_per_second", "cpu_per_million", "allocs_per_msg"},
	"echo":      {"p50", "p99", "p999", "cpu_per_million", "msgs_per_second", "allocs_per_msg"},
	"storm":     {"seconds_until_ready", "attempts_per_channel", "peak_dials_per_second", "cpu_per_channel"},
	"heartbeat": {"cpu_per_heartbeat", "rss_per_channel", "heap_per_channel", "goroutines_per_channel", "heartbeats_per_second"},
}

// brief are flags that make a question quick.
var brief = map[string][]string{
	"inbound":   {"-for", "100ms"},
	"outbound":  {"-for", "100ms"},
	"echo":      {"-for", "100ms", "-rate", "1000"},
	"storm":     {"-down", "10ms"},
	"heartbeat": {"-for", "100ms", "-every", "50ms"},
}

func TestEveryQuestionAnswersInOneLineOfJSON(t *testing.T) {
	bin := built(t)
	for question, metrics := range questions {
		t.Run(question, func(t *testing.T) {
			t.Parallel() // a storm is mostly waiting
			got := ask(t, filepath.Join(bin, question), append(brief[question], "-n", "20", "-rounds", "1", "-peers", "gobwas,nbio")...)
			if got.Question != question || got.N != 20 || got.Rounds != 1 {
				t.Errorf("the answer is about %s, %d channels, %d rounds", got.Question, got.N, got.Rounds)
			}
			if peers := slices.Sorted(maps.Keys(got.Results)); !slices.Equal(peers, []string{"gobwas", "holdfast", "nbio"}) {
				t.Errorf("there are results for %v", peers)
			}
			slices.Sort(metrics)
			for peer, figures := range got.Results {
				if names := slices.Sorted(maps.Keys(figures)); !slices.Equal(names, metrics) {
					t.Errorf("%s answers with %v; want %v", peer, names, metrics)
				}
			}
			if want := ratios(got.Results, metrics); !reflect.DeepEqual(got.Ratios, want) {
				t.Errorf("the ratios are %v; want %v", got.Ratios, want)
			}
		})
	}
}

// ratios are Holdfast's figures over each peer's that are not nothing.
func ratios(results map[string]map[string]float64, metrics []string) map[string]map[string]float64 {
	all := map[string]map[string]float64{}
	for _, metric := range metrics {
		all[metric] = map[string]float64{}
		for peer, figures := range results {
			if peer != "holdfast" && figures[metric] > 0.005 {
				all[metric][peer] = results["holdfast"][metric] / figures[metric]
			}
		}
	}
	return all
}

func TestChannelsOverTLSAreWeighedToo(t *testing.T) {
	got := ask(t, filepath.Join(built(t), "idle"), "-n", "20", "-rounds", "1", "-tls", "-resume")
	want := []string{"coder", "gobwas", "gorilla", "gorilla_tuned", "gws", "holdfast"} // nbio cannot
	if peers := slices.Sorted(maps.Keys(got.Results)); !slices.Equal(peers, want) {
		t.Errorf("there are results for %v; want %v", peers, want)
	}
}

// built is the folder of the built questions.
func built(t *testing.T) string {
	t.Helper()
	bin := t.TempDir()
	if said, err := exec.Command("go", "build", "-o", bin+string(os.PathSeparator), "./...").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return bin
}

// ask runs a question and takes the last line of what it says.
func ask(t *testing.T, question string, flags ...string) answer {
	t.Helper()
	cmd := exec.Command(question, append(flags, "-json", "-timeout", "1m")...)
	var errors bytes.Buffer
	cmd.Stderr = &errors
	said, err := cmd.Output()
	if err != nil || errors.Len() > 0 {
		t.Fatalf("%s: %v\n%s", question, err, &errors)
	}
	lines := bytes.Split(bytes.TrimSpace(said), []byte("\n"))
	decoder := json.NewDecoder(bytes.NewReader(lines[len(lines)-1]))
	decoder.DisallowUnknownFields()
	var a answer
	if err := decoder.Decode(&a); err != nil {
		t.Fatalf("%v in %s", err, lines[len(lines)-1])
	}
	return a
}
