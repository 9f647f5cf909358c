package wukongimtest

import "time"

// Profile is a generation of servers, with the behaviour that it was seen to have.
type Profile uint8

// The generations that are known.
const (
	V2 Profile = iota // v2.2.x, the one in production
	V3                // the beta of version 3
)

// String returns "V2" or "V3".
func (p Profile) String() string { return p.behaviour().name }

func (p Profile) behaviour() *behaviour { return &behaviours[min(int(p), len(behaviours)-1)] }

// behaviour is one generation, line by line.
type behaviour struct {
	name    string
	version byte // the latest that it speaks
	rpc     bool // understands JSON-RPC

	// Logins.
	verifies   bool          // tokens, levels and bans count
	reserved   string        // characters that no uid may have
	speechless time.Duration // without a CONNECT the connection ends then; 0: when it is idle
	refusal    time.Duration // a refused login ends then, without a word
	curse      time.Duration // after an empty key, the uid's next CONNECT is reset then; 0: the login is refused with a reason

	// Endings.
	idle    time.Duration // without traffic of the client
	fades   time.Duration // a connection that lost its place is alive for so long, and then a zombie; 0: it is closed
	zombie  time.Duration // until it is closed, from the loss of its place
	quit    time.Duration // from /user/device_quit to what it does
	retoken time.Duration // from a new token to what that does
	sigterm time.Duration // from the signal to the end of connections
	code    int           // of the close frame that ends a WebSocket; 0: there is none

	// What clients should not do.
	tolerant bool // packets that mean nothing here are ignored, and what is too much is waited for
	anyPath  bool // of a WebSocket

	// Messages.
	complains    bool          // a message that does not verify is answered; else the connection ends
	plain        bool          // NoEncrypt is allowed
	deduplicates bool          // by clientMsgNo
	noChannel    byte          // the reason for a channel that is not there
	first        time.Duration // what the first message of a channel takes
	acksFirst    bool          // SENDACK before RECV
	echoes       bool          // SENDACK has the flags of the SEND
	names        bool          // SENDACK ends with the clientMsgNo
	transient    bool          // noPersist and syncOnce are delivered
	settings     bool          // topic, expiry and setting are delivered
	ownRedDot    bool          // one's own message has its redDot on one's other devices
	patience     time.Duration // an unacknowledged RECV is sent again by the first scan after it; 0: never
	scan         time.Duration
	redeliveries int

	// HTTP.
	members bool // messagesync is for members
}

var behaviours = [...]behaviour{
	V2: {
		name: "V2", version: 5, rpc: true,
		verifies: true, reserved: "@#&", speechless: 3 * time.Second, refusal: 6 * time.Second, curse: 3 * time.Second,
		idle: 270 * time.Second, fades: 2 * time.Second, zombie: 270 * time.Second,
		quit: 150 * time.Millisecond, sigterm: time.Second,
		tolerant: true, anyPath: true,
		complains: true, noChannel: subscriberNotExist, acksFirst: true, echoes: true, transient: true, settings: true,
		patience: 60 * time.Second, scan: 30 * time.Second, redeliveries: 5,
	},
	V3: {
		name: "V3", version: 6,
		idle: 180 * time.Second, quit: 2 * time.Second, retoken: 10 * time.Second, sigterm: time.Second, code: 1000,
		plain: true, deduplicates: true, noChannel: channelNotExist, first: 520 * time.Millisecond, names: true, ownRedDot: true,
		members: true,
	},
}

// The reasons that these servers give.
const (
	success            byte = 1
	subscriberNotExist byte = 3
	inBlacklist        byte = 4
	channelNotExist    byte = 5
	payloadDecodeError byte = 9
	connectKick        byte = 12
	systemError        byte = 15
	ban                byte = 19
	clientKeyIsEmpty   byte = 21
	disband            byte = 24
)

// person is the type of the channel between two users.
const person byte = 1

// master is the level of a login that takes the place of others.
const master byte = 1
