// Package vocabulary says our statuses in the words and numbers of other
// systems, for programs that are moving here and keep their own switch
// statements for a while.
//
//	zim := vocabulary.ZIM()
//	for ev := range fleet.Events(ctx) {
//		if change, ok := ev.(messages.StatusChanged); ok {
//			for _, word := range zim.Translate(change) {
//				onConnectionStateChanged(word.State, word.Event)
//			}
//		}
//	}
//
// A [Translator] belongs to one channel and wants all of its StatusChanged
// events, in order; nothing else. It remembers two things: whether the channel
// was ever Ready since it was told to connect, because most vocabularies have
// one word for connecting and another for reconnecting, and what it said last,
// because none of them says the same thing twice in a row.
//
// The vocabularies: [ZIM], [WuKongFlutter], [WuKongIOS], [Pk], [Socket], [Ably],
// [Centrifugo], [NATS].
//
// # Decisions
//
// Words are typed, one type per vocabulary, because the numbers are what the
// other side's code compares with. Their String is what transcripts show.
//
// The hold of Held is told by the reason: ReasonPaused is a pause, everything
// else the network.
//
// Reconnecting is said only after a Ready. A channel that is held or suspended
// before its first Ready is still connecting.
//
// The event number of a voluntary logout is not in ZIM's public material; (0,0)
// is an assumption. So is (0,2) for failures that its table has no number for.
//
// A channel without anything to catch up with says success in WuKong's words,
// and neither syncMsg nor syncCompleted, which would announce a sync that never
// was.
package vocabulary
