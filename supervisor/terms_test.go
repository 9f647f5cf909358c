package supervisor

import (
	"testing"
	"time"
)

func TestChannelsOnTheSameTermsShareTheirRules(t *testing.T) {
	for sentence, test := range map[string]struct {
		change func(*Spec) // of the second of three
		shared bool
	}{
		"nothing differs":        {func(*Spec) {}, true},
		"another handler":        {func(s *Spec) { s.Handler = Discard }, true},
		"a default that is said": {func(s *Spec) { s.Timeouts.Dial = 10 * time.Second }, true},
		"another strategy":       {func(s *Spec) { s.Strategy = Fixed{Interval: time.Second} }, false},
		"another heartbeat":      {func(s *Spec) { s.Keepalive.Interval = time.Second }, false},
		"another restart":        {func(s *Spec) { s.Restart = Permanent }, false},
		"a function, of which nobody knows whether it is the same": {func(s *Spec) {
			s.Strategy = MaxRetries(3, Backoff{})
		}, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			inScene(t, func(s *scene) {
				specs := []Spec{s.spec("a"), s.spec("b"), s.spec("c")}
				for i := range specs {
					specs[i].Strategy = Backoff{Cap: time.Minute}
				}
				test.change(&specs[1])
				var list []*Channel
				for _, spec := range specs {
					list = append(list, s.open(spec))
				}
				if list[0].record.Rules != list[2].record.Rules {
					t.Error("the first and the last have rules of their own")
				}
				if shared := list[0].record.Rules == list[1].record.Rules; shared != test.shared {
					t.Errorf("shared: %v", shared)
				}
				for _, ch := range list {
					s.must(ch.Close(s.t.Context()))
				}
				if n := len(s.fleet.house.agreements); n != 0 {
					t.Errorf("%d agreements are left of channels that are gone", n)
				}
			})
		})
	}
}
