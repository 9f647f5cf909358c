package wstest

import "strings"

// Diff compares the transcript with what is wanted and returns "" if they are
// equal, else every line, with "-" before those that are missing and "+" before
// those that are too many. Empty lines, indentation, the width of spaces
// outside quotes and comments (from a "#" after a space) do not count.
func (t *Transcript) Diff(want string) string {
	return diff(normal(strings.Split(want, "\n")), normal(t.Lines()))
}

// Equal reports whether Diff has nothing to say.
func (t *Transcript) Equal(want string) bool { return t.Diff(want) == "" }

// normal is the lines without what does not count.
func normal(lines []string) []string {
	kept := make([]string, 0, len(lines))
	for _, line := range lines {
		if line = plain(line); line != "" {
			kept = append(kept, line)
		}
	}
	return kept
}

// plain is one line without comment, indentation and doubled spaces.
func plain(line string) string {
	var b strings.Builder
	quoted, escaped, space := false, false, true
	for _, r := range line {
		if !quoted && (r == ' ' || r == '\t' || r == '\r') {
			space = true
			continue
		}
		if !quoted && r == '#' && space {
			break
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		space = false
		switch {
		case escaped:
			escaped = false
		case quoted && r == '\\':
			escaped = true
		case r == '"':
			quoted = !quoted
		}
	}
	return b.String()
}

// diff is the shortest edit of want into got, or "" if there is none.
func diff(want, got []string) string {
	// common[i][j] is the longest common subsequence of want[i:] and got[j:].
	common := make([][]int, len(want)+1)
	for i := range common {
		common[i] = make([]int, len(got)+1)
	}
	for i := len(want) - 1; i >= 0; i-- {
		for j := len(got) - 1; j >= 0; j-- {
			if want[i] == got[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var b strings.Builder
	differ := false
	for i, j := 0, 0; i < len(want) || j < len(got); {
		switch {
		case i < len(want) && j < len(got) && want[i] == got[j]:
			b.WriteString("  " + want[i] + "\n")
			i, j = i+1, j+1
		case j == len(got) || i < len(want) && common[i+1][j] >= common[i][j+1]:
			b.WriteString("- " + want[i] + "\n")
			i, differ = i+1, true
		default:
			b.WriteString("+ " + got[j] + "\n")
			j, differ = j+1, true
		}
	}
	if !differ {
		return ""
	}
	return b.String()
}
