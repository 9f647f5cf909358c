package golden

// sequences are those of the reference, part B, 3.4, and those that its table
// 3.2 gives for rooms: what is heard in each vocabulary from the first line of a
// trace to its last.
var sequences = map[string]map[string]string{
	"zim_s1_network_lost_and_found": {"zim": "(1,1) | (2,0) | (3,3) | (2,0)"},
	"zim_s2_kicked":                 {"zim": "(1,1) | (2,0) | (0,4)"},
	"zim_s3_token_expired":          {"zim": "(1,1) | (2,0) | (0,5)"},
	"zim_s3_token_renewed":          {"zim": "(1,1) | (2,0)"},
	"wukong_connect":                {"wukong": "connecting | success node=1001 | syncMsg | syncCompleted"},
	"wukong_network_lost": {"wukong": "connecting | success node=1001 | syncMsg | syncCompleted" +
		` | fail "ReadEOF" | noNetwork | connecting | success node=1002 | syncMsg | syncCompleted`},
	"wukong_disconnect_keeping": {"wukong": "connecting | success node=1001 | syncMsg | syncCompleted" +
		` | fail "UserDrop" | connecting | success node=1001 | syncMsg | syncCompleted`},
	"wukong_disconnect_logout": {"wukong": "connecting | success node=1001 | syncMsg | syncCompleted" +
		` | fail ""`},
	"wukong_kicked": {"wukong": "connecting | success node=1001 | syncMsg | syncCompleted | kicked"},
	"wukong_ios_auth_fail": {
		"ios":    "WKConnecting | WKConnectFail WKReasonAuthFail",
		"wukong": `connecting | fail "auth: AuthRejected (wukong 2)"`,
	},
	"pk_reconnect":            {"pk": "connecting | connected | reconnecting | connected | disconnecting | disconnected"},
	"socket_status_own_close": {"socket": "SocketStatusConnected | SocketStatusClosed"},

	// T0, T1, and the three endings of T2.
	"zim_s4_still_in": {
		"zim":     "(1,1) | (2,0) | (3,3) | (2,0)",
		"zimroom": "(1,6) | (2,0) | (1,1) | (1,1) | (2,0)",
	},
	"zim_s4_still_in_auto_rejoin": {
		"zim":     "(1,1) | (2,0) | (3,3) | (2,0)",
		"zimroom": "(1,6) | (2,0) | (1,1) | (1,1) | (2,0)",
	},
	"zim_s4_heartbeat_timeout": {
		"zim":     "(1,1) | (2,0) | (3,3) | (2,0)",
		"zimroom": "(1,6) | (2,0) | (1,1) | (1,1) | (0,9) | (1,6) | (2,0)",
	},
	"zim_s4_heartbeat_timeout_auto_rejoin": {
		"zim":     "(1,1) | (2,0) | (3,3) | (2,0)",
		"zimroom": "(1,6) | (2,0) | (1,1) | (1,1) | (2,0)",
	},
	"zim_s4_heartbeat_timeout_created": {
		"zim":     "(1,1) | (2,0) | (3,3) | (2,0)",
		"zimroom": "(1,6) | (2,0) | (1,1) | (1,1) | (2,0)",
	},
	"zim_s4_no_room": {
		"zim":     "(1,1) | (2,0) | (3,3) | (2,0)",
		"zimroom": "(1,6) | (2,0) | (1,1) | (1,1) | (0,3) | (1,4) | (2,0)",
	},
	"zim_s4_no_room_auto_rejoin": {
		"zim":     "(1,1) | (2,0) | (3,3) | (2,0)",
		"zimroom": "(1,6) | (2,0) | (1,1) | (1,1) | (0,3) | (1,6) | (2,0)",
	},
	"zim_s4_no_room_created": {
		"zim":     "(1,1) | (2,0) | (3,3) | (2,0)",
		"zimroom": "(1,6) | (2,0) | (1,1) | (1,1) | (2,0)",
	},
	"zim_s4_lost_again_at_t1": {
		"zim":     "(1,1) | (2,0) | (3,3) | (2,0) | (3,3) | (2,0)",
		"zimroom": "(1,6) | (2,0) | (1,1) | (1,1) | (1,1) | (2,0)",
	},
	"zim_s4_never_answered": {
		"zim":     "(1,1) | (2,0) | (3,3) | (2,0)",
		"zimroom": "(1,6) | (2,0) | (1,1) | (1,1) | (0,9)",
	},
	"zim_s4_long_outage": {
		"zim":     "(1,1) | (2,0) | (3,3) | (2,0)",
		"zimroom": "(1,6) | (2,0) | (1,1) | (1,1) | (2,0)",
	},
	"zim_s4_long_outage_auto_rejoin": {
		"zim":     "(1,1) | (2,0) | (3,3) | (2,0)",
		"zimroom": "(1,6) | (2,0) | (1,1) | (2,0)",
	},
	"zim_s4_long_during_an_attempt": {
		"zim":     "(1,1) | (2,0) | (3,3) | (2,0)",
		"zimroom": "(1,6) | (2,0) | (1,1) | (2,0)",
	},

	// The other ways into a room and out of it.
	"zim_room_created": {
		"zim":     "(1,1) | (2,0)",
		"zimroom": "(1,4) | (2,0) | (0,0)",
	},
	"zim_room_create_failed": {
		"zim":     "(1,1) | (2,0)",
		"zimroom": "(1,4) | (0,5)",
	},
	"zim_room_enter_failed": {
		"zim":     "(1,1) | (2,0)",
		"zimroom": "(1,6) | (0,7) | (1,6) | (0,7)",
	},
	"zim_room_switched": {
		"zim":     "(1,1) | (2,0)",
		"zimroom": "(1,11) | (0,12) | (1,11) | (2,0)",
	},
	"zim_room_kicked_by_admin": {
		"zim":     "(1,1) | (2,0) | (3,3) | (2,0)",
		"zimroom": "(1,6) | (2,0) | (0,8) | (1,6) | (2,0)",
	},
	"zim_room_kicked_by_other_device": {
		"zim":     "(1,1) | (2,0) | (3,3) | (2,0)",
		"zimroom": "(1,6) | (2,0) | (0,10)",
	},
	"zim_room_entered_offline": {
		"zim":     "(1,1) | (2,0) | (3,3) | (2,0)",
		"zimroom": "(1,6) | (2,0)",
	},
	"zim_room_left_offline": {
		"zim":     "(1,1) | (2,0) | (3,3) | (2,0)",
		"zimroom": "(1,6) | (2,0) | (1,1) | (0,0)",
	},

	// The channel ends, and the room with it.
	"zim_room_logout": {
		"zim":     "(1,1) | (2,0) | (0,0) | (1,1) | (2,0)",
		"zimroom": "(1,6) | (2,0) | (0,0)",
	},
	"zim_room_drained": {
		"zim":     "(1,1) | (2,0) | (0,0)",
		"zimroom": "(1,6) | (2,0) | (0,0)",
	},
	"zim_s2_kicked_with_a_room": {
		"zim":     "(1,1) | (2,0) | (0,4) | (1,1) | (2,0)",
		"zimroom": "(1,6) | (2,0) | (0,2) | (1,6) | (2,0)",
	},
	"zim_s3_token_expired_with_a_room": {
		"zim":     "(1,1) | (2,0) | (3,3) | (0,5)",
		"zimroom": "(1,6) | (2,0) | (1,1) | (0,2)",
	},

	"room_in_other_words": {
		"zim":     "(1,1) | (2,0) | (3,3) | (2,0) | (3,3) | (2,0) | (0,0)",
		"zimroom": "(1,6) | (2,0) | (1,1) | (2,0) | (1,1) | (1,1) | (2,0) | (0,0)",
		"ably": "CONNECTING | CONNECTED | DISCONNECTED retryIn=1s | SUSPENDED retryIn=1s | CONNECTING | CONNECTED" +
			" | DISCONNECTED retryIn=1s | CONNECTING | CONNECTED | CLOSING | CLOSED",
		"ablychannel": "ATTACHING | ATTACHED | SUSPENDED | ATTACHING | ATTACHED" +
			" | ATTACHING | ATTACHED resumed | DETACHING | DETACHED",
		"centrifugo": "connecting | connected | connecting | connected | connecting | connected | disconnected",
		"subscription": "subscribing(0) | subscribed | subscribing(1) | subscribed not recovered" +
			" | subscribing(1) | subscribed recovered | unsubscribed(0)",
	},
}
