package vocabulary

// voice keeps what was said last, because no vocabulary says the same thing
// twice in a row.
type voice[W Word] struct {
	last W    // what was said last
	said bool // whether anything was
}

// utter gives the words that are not what was said just before.
func (v *voice[W]) utter(words []W) []W {
	var fresh []W
	for _, word := range words {
		if v.said && word == v.last {
			continue
		}
		v.last, v.said = word, true
		fresh = append(fresh, word)
	}
	return fresh
}

// repeat lets the next word be said even if it was said just before.
func (v *voice[W]) repeat() { v.said = false }
