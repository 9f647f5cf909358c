package wstest

import (
	"strings"
	"testing"
	"time"
)

func TestDiffIgnoresWhatDoesNotCount(t *testing.T) {
	for name, test := range map[string]struct{ got, want, diff string }{
		"nothing":                       {"", "\n\n", ""},
		"indentation and width":         {"peer>  101", "\t\tpeer> 101  ", ""},
		"comments":                      {"+24h", "# a day\n+24h  # nothing else happens", ""},
		"a number sign within a word":   {"room#5", "room#6", "- room#6\n+ room#5\n"},
		"spaces within quotes count":    {`text "a  b"`, `text "a b"`, "- text \"a b\"\n+ text \"a  b\"\n"},
		"a number sign within quotes":   {`text "a #b"`, `text "a #b" # c`, ""},
		"an escaped quote":              {`text "a\" # b"`, `text "a\" # c"`, "- text \"a\\\" # c\"\n+ text \"a\\\" # b\"\n"},
		"a line that is missing":        {"b", "a\nb", "- a\n  b\n"},
		"a line that is too many":       {"a\nc", "a", "  a\n+ c\n"},
		"another order is a difference": {"a\nb", "b\na", "- b\n  a\n+ b\n"},
	} {
		var transcript Transcript
		transcript.lines = strings.Split(test.got, "\n")
		if got := transcript.Diff(test.want); got != test.diff || transcript.Equal(test.want) != (test.diff == "") {
			t.Errorf("%s: got\n%swant\n%s", name, got, test.diff)
		}
	}
}

func TestSpansAreShort(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"24h": 24 * time.Hour, "1h30m": 90 * time.Minute, "10m": 10 * time.Minute, "10s": 10 * time.Second,
		"1m30s": 90 * time.Second, "0s": 0, "250ms": 250 * time.Millisecond, "10h0m10s": 10*time.Hour + 10*time.Second,
	} {
		if got := span(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

func TestTranscriptThatIsNilKeepsNothing(t *testing.T) {
	var none *Transcript
	none.Add("a")
	none.Clear()
	if none.String() != "" || none.Lines() != nil {
		t.Error("it kept something")
	}
}
