package wukongim

import (
	"testing"
)

func TestLogins(t *testing.T) {
	rehearse(t, map[string]scene{
		"a login is answered": {trace: `
			: open
			> CONNECT v5 ann holdfast-0000000000000001 "secret"
			< connack
			login heartbeat=20s node=7
		`},
		"a login is refused": {trace: `
			: open
			> CONNECT v5 ann holdfast-0000000000000001 "secret"
			< connack 2
			error login: AuthRejected (wukongim 2): the token is not that of the uid and device
		`},
		"without a token nobody is asked": {options: Options{Anonymous: true}, trace: `
			: open
			> CONNECT v5 ann holdfast-0000000000000001 ""
			< connack
			login heartbeat=20s node=7
		`},
		"a second answer is none": {trace: `
			< connack
			error receive: ProtocolError: a second CONNACK came
		`},
		"a login that ends without a word, again and again, is suspected": {trace: `
			: open
			> CONNECT v5 ann holdfast-0000000000000001 "secret"
			: end 6s
			ReadEOF
			: again
			: open
			> CONNECT v5 ann holdfast-0000000000000001 "secret"
			: end 6s
			AuthSuspected: the server has ended 2 logins after some seconds without a word, as it does with a token that is not that of the uid "ann" and the device App
		`},
		"one that ends at once was not looked at": {trace: `
			: open
			> CONNECT v5 ann holdfast-0000000000000001 "secret"
			: end 1s
			ReadEOF
			: again
			: open
			> CONNECT v5 ann holdfast-0000000000000001 "secret"
			: end 1s
			ReadEOF
		`},
		"a kick ends it": {trace: `
			< disconnect 12 login in other device
			error receive: KickedOtherDevice (wukongim 12 "login in other device"): the connection is not wanted any more
		`},
		"heartbeats": {trace: `
			: beat
			> PING
			< pong
			heartbeat answered
			: bye
			close 1000 ""
		`},
	})
}

func TestMessagesOfOurs(t *testing.T) {
	rehearse(t, map[string]scene{
		"a message is sent to a room and taken": {trace: `
			: send Group/g 1 hello
			> SEND 1 0000000000000001-1 Group/g "hello"
			< sendack 1 9 4
			delivered 1
		`},
		"a message to anybody": {trace: `
			: say Person/bob 1 hello
			> SEND 1 0000000000000001-1 Person/bob "hello"
			< sendack 1 9 4 4
			rejected 1 Blocked (wukongim 4): the sender is on the channel's blacklist
		`},
		"a message to nobody": {trace: `
			: say none 1 hello
			error send: InvalidMessage: the message says neither room nor channel; use Room.Send, or wukongim.To(...).Message
			: send g 1 hello
			error send: InvalidMessage: the room "g" is not a channel of WuKongIM; name it with wukongim.Room
		`},
		"a message that is sent again has the same name and says so": {trace: `
			: send Group/g 1 hello
			> SEND 1 0000000000000001-1 Group/g "hello"
			: again
			: open
			> CONNECT v5 ann holdfast-0000000000000001 "secret"
			< connack
			login heartbeat=20s node=7
			: send Group/g 1 hello
			> SEND 1 0000000000000001-1 Group/g "hello" DUP
			: send Group/g 2 you
			> SEND 2 0000000000000001-2 Group/g "you"
		`},
		"a server that says the name drops what it had": {trace: `
			: send Group/g 1 hello
			> SEND 1 0000000000000001-1 Group/g "hello"
			< sendack 1 9 4 1 0000000000000001-1
			deduplicates
			delivered 1
			: again
			: open
			> CONNECT v5 ann holdfast-0000000000000001 "secret"
			< connack
			deduplicates
			login heartbeat=20s node=7
		`},
		"an answer to nothing": {trace: `
			< sendack 5 9 4
			ignored
		`},
		"who is out learns it from the answer": {trace: `
			: join Group/g 1
			room Group/g#1 Joined
			: send Group/g 1 hello
			> SEND 1 0000000000000001-1 Group/g "hello"
			< sendack 1 0 0 3
			rejected 1 NotInRoom (wukongim 3): the sender is no subscriber of the channel
			room Group/g#1 Evicted KickedFromRoom (wukongim 3): the sender is no subscriber of the channel
		`},
	})
}

func TestMessagesOfOthers(t *testing.T) {
	archived := func(lines ...string) Options {
		a := &archive{}
		a.put(Channel{Group, "g"}, lines...)
		return Options{Syncer: a}
	}
	rehearse(t, map[string]scene{
		"a message is acknowledged when it was taken": {trace: `
			< recv 9 Group/g 1 bob hello
			pub Group/g 0 hello unasked
			: taken 1
			> RECVACK 9 1
		`},
		"a message that nobody took is not, and may come again": {trace: `
			< recv 9 Group/g 1 bob hello
			pub Group/g 0 hello unasked
			< recv 9 Group/g 1 bob hello
			: dropped 1
			< recv 9 Group/g 1 bob hello
			pub Group/g 0 hello unasked
			: taken 2
			> RECVACK 9 1
			< recv 9 Group/g 1 bob hello
			> RECVACK 9 1
		`},
		"a message that was taken too late for its connection": {trace: `
			< recv 9 Group/g 1 bob hello
			pub Group/g 0 hello unasked
			: again
			: open
			> CONNECT v5 ann holdfast-0000000000000001 "secret"
			< connack
			login heartbeat=20s node=7
			: taken 1
			< recv 9 Group/g 1 bob hello
			> RECVACK 9 1
		`},
		"a message of somebody who does not have the key": {trace: `
			< forged 9 Group/g 1 bob hello
			rejected
		`},
		"an acknowledgement waits for room": {trace: `
			< recv 9 Group/g 1 bob hello
			pub Group/g 0 hello unasked
			: full
			: taken 1
			: free
			< pong
			> RECVACK 9 1
			heartbeat answered
		`},
		"flags are repeated, and what is not stored has no place": {options: archived(), trace: `
			< recv+noPersist 9 Group/g 0 bob hello
			pub Group/g 0 hello unasked
			: taken 1
			> RECVACK 9 0 noPersist
			< recv+syncOnce 10 Group/g 77 bob do
			pub Group/g 0 do unasked
			: taken 2
			> RECVACK 10 77 syncOnce
			< recv 11 Group/g 5 bob you
			pub Group/g 5 you unasked
		`},
		"without a syncer a gap is counted": {trace: `
			< recv 9 Group/g 1 bob one
			pub Group/g 0 one unasked
			< recv 11 Group/g 3 bob three
			pub Group/g 0 three unasked
			gap
			< recv 10 Group/g 2 bob two
			pub Group/g 0 two unasked
		`},
		"what is missing is fetched first": {options: archived("1 bob one", "2 bob two", "3 bob three", "4 bob four"), trace: `
			< recv 9 Group/g 1 bob one
			pub Group/g 1 one unasked
			< recv 1003 Group/g 3 bob three
			ask
			< recv 1004 Group/g 4 bob four
			: answer
			pub Group/g 2 two unasked
			pub Group/g 3 three unasked
			pub Group/g 4 four unasked
			: taken 2
			: taken 3
			> RECVACK 1003 3
			< recv 1002 Group/g 2 bob two
			> RECVACK 1002 2
		`},
		"what we said ourselves is not missing": {options: archived("1 bob one", "2 ann mine", "3 bob three"), trace: `
			< recv 9 Group/g 1 bob one
			pub Group/g 1 one unasked
			: send Group/g 1 mine
			> SEND 1 0000000000000001-1 Group/g "mine"
			< sendack 1 1002 2
			delivered 1
			< recv 1003 Group/g 3 bob three
			pub Group/g 3 three unasked
		`},
		"what we said on a connection that the server had not missed comes back, and is not news": {options: archived(), trace: `
			< recv 9 Group/g 1 bob one
			pub Group/g 1 one unasked
			< echo 10 Group/g 2 ann 1
			> RECVACK 10 2
			< recv 11 Group/g 3 bob three
			pub Group/g 3 three unasked
		`},
		"others may be told of it before we are": {options: archived("1 bob one", "2 ann mine", "3 bob three"), trace: `
			< recv 9 Group/g 1 bob one
			pub Group/g 1 one unasked
			: send Group/g 1 mine
			> SEND 1 0000000000000001-1 Group/g "mine"
			< recv 1003 Group/g 3 bob three
			ask
			< sendack 1 1002 2
			delivered 1
			pub Group/g 3 three unasked
			: answer
		`},
		"but not for long": {options: archived("1 bob one", "2 bob two", "3 bob three"), trace: `
			< recv 9 Group/g 1 bob one
			pub Group/g 1 one unasked
			: send Group/g 1 mine
			> SEND 1 0000000000000001-1 Group/g "mine"
			< recv 1003 Group/g 3 bob three
			ask
			: answer
			ask
			: answer
			pub Group/g 2 two unasked
			pub Group/g 3 three unasked
		`},
		"a login catches up before it is ready": {options: archived("1 bob one", "2 ann mine", "3 bob three", "4 bob four"), trace: `
			< recv 1001 Group/g 1 bob one
			pub Group/g 1 one unasked
			: again
			: open
			> CONNECT v5 ann holdfast-0000000000000001 "secret"
			< connack
			login heartbeat=20s node=7
			ask
			< recv 1004 Group/g 4 bob four
			: answer
			pub Group/g 3 three unasked
			pub Group/g 4 four unasked
			synced
		`},
	})
}

func TestRooms(t *testing.T) {
	chat := func(member Membership) Options {
		a := &archive{member: map[Channel]Membership{{Group, "g"}: member}}
		a.put(Channel{Group, "g"}, "1 bob one", "2 bob two", "3 ann mine", "4 bob four")
		return Options{Syncer: a}
	}
	rehearse(t, map[string]scene{
		"a room is joined where it is": {options: chat(Member), trace: `
			: join Group/g 1
			ask
			< recv 1005 Group/g 5 bob five
			: answer
			room Group/g#1 Joined at /4 recovered
			pub Group/g 5 five unasked
		`},
		"a room goes on where it was": {options: chat(CannotTell), trace: `
			: verify Group/g 1 1
			ask
			: answer
			room Group/g#1 Joined at /4 recovered [2 two] [4 four]
		`},
		"a room that one is not in": {options: chat(NotMember), trace: `
			: verify Group/g 1 1
			ask
			: answer
			room Group/g#1 NotIn NotInRoom (wukongim 3): the sender is no subscriber of the channel
			: join Group/g 2
			ask
			: answer
			room Group/g#2 Denied JoinRejected (wukongim 3): the sender is no subscriber of the channel
		`},
		"a room that is not there": {options: chat(NoSuchChannel), trace: `
			: join Group/g 2
			ask
			: answer
			room Group/g#2 NotExist RoomNotExist (wukongim 5): there is no such channel
		`},
		"what comes before a room is verified waits": {trace: `
			: join Group/g 1
			room Group/g#1 Joined
			: again
			: open
			> CONNECT v5 ann holdfast-0000000000000001 "secret"
			< connack
			login heartbeat=20s node=7
			< recv 9 Group/g 1 bob one
			< recv+noPersist 10 Group/g 0 bob now
			: verify Group/g 2
			room Group/g#2 Joined
			pub Group/g 0 now unasked
			pub Group/g 0 one unasked
		`},
		"a room that is left is a channel like any other": {trace: `
			: join Group/g 1
			room Group/g#1 Joined
			: leave Group/g 2
			room Group/g#2 Left
			< recv 9 Group/g 1 bob one
			pub Group/g 0 one unasked
		`},
		"a name that is none": {trace: `
			: join g 1
			error join: InvalidSpec: the room "g" is not a channel of WuKongIM; name it with wukongim.Room
		`},
	})
}
