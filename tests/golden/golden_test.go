// Package golden replays the scenarios of the documents that Holdfast was made
// from: the tables of the channel and of its room on one side, the other systems'
// words on the other. The traces are in testdata, made to be read.
package golden

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func traces(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[strings.TrimSuffix(filepath.Base(file), ".txt")] = string(text)
	}
	return texts
}

func TestTracesReplay(t *testing.T) {
	for name, text := range traces(t) {
		t.Run(name, func(t *testing.T) {
			story, err := replay(text)
			if err != nil {
				t.Fatal(err)
			}
			written := meaningful(text)
			for i := range max(len(written), len(story.lines)) {
				want, got := at(written, i), at(story.lines, i)
				if got != want {
					t.Fatalf("line %d of what counts says\n%s\nbut it happens like this:\n%s", i+1, want, got)
				}
			}
		})
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(the end)"
}

// A trace and the code could be wrong together; they cannot be wrong together
// with this.
func TestSequencesAreThoseOfTheReference(t *testing.T) {
	texts := traces(t)
	for name, want := range sequences {
		t.Run(name, func(t *testing.T) {
			story, err := replay(texts[name])
			if err != nil {
				t.Fatal(err)
			}
			for vocabulary, sequence := range want {
				got, ok := story.sequence(vocabulary)
				if !ok {
					t.Fatalf("the trace does not speak %s", vocabulary)
				}
				if got != sequence {
					t.Errorf("%s hears\n%s, want\n%s", vocabulary, got, sequence)
				}
			}
		})
		delete(texts, name)
	}
	for name := range texts {
		t.Errorf("%s is held against no sequence", name)
	}
}

// Whatever line is lost, doubled, or exchanged with the next, the trace fails.
func TestTraceThatIsEditedWronglyFails(t *testing.T) {
	for name, text := range traces(t) {
		lines := meaningful(text)
		for i := range lines {
			lost := slices.Delete(slices.Clone(lines), i, i+1)
			doubled := slices.Insert(slices.Clone(lines), i, lines[i])
			edits := map[string][]string{"lost": lost, "doubled": doubled}
			if i+1 < len(lines) {
				exchanged := slices.Clone(lines)
				exchanged[i], exchanged[i+1] = exchanged[i+1], exchanged[i]
				edits["exchanged with the next"] = exchanged
			}
			for edit, lines := range edits {
				if story, err := replay(strings.Join(lines, "\n")); err == nil && slices.Equal(story.lines, lines) {
					t.Errorf("%s passes with line %d %s", name, i+1, edit)
				}
			}
		}
	}
}
