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
// A [RoomTranslator] does the same for one room, and wants its RoomChanged
// events. It remembers what it said last, and whether the room was joined while
// there was no connection to ask on.
//
// The vocabularies: [ZIM], [WuKongFlutter], [WuKongIOS], [Pk], [Socket], [Ably],
// [Centrifugo], [NATS]; of rooms: [ZIMRoom], [AblyChannel],
// [CentrifugoSubscription]. [ZIMErrorOf] gives the error that a request of ZIM's
// would answer.
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
// ZIM's room says one thing twice: (1,1) when the network breaks (T0), and again
// when it is back and the server is asked whether we are still in (T1). Asking
// once more on the same connection is not another T1.
//
// A room that is joined while there is no connection is told to ZIM when the
// server is asked, as (1,6), (1,4) or (1,11), and not before: there is no number
// for a wish. If it is left before that, nothing was said and nothing is. If the
// channel ends before that, (0,2) is said, because somebody waits for an answer.
// Centrifugo and Ably have words for the wish, subscribing and ATTACHING, and say
// them at once.
//
// A room whose permission is taken back is told as (0,8): it was entered before,
// so "entering failed" would be wrong.
//
// A state of Ably or Centrifugo is said once, whatever its code or flag: their
// clients are told of changes of state.
//
// In Centrifugo's words a room that ends with its channel is unsubscribed(2), as
// by a client that is closed, and not subscribing as by one that is disconnected:
// it does not come back when the channel connects again.
//
// A channel without anything to catch up with says success in WuKong's words,
// and neither syncMsg nor syncCompleted, which would announce a sync that never
// was.
package vocabulary
