// Connections on which nobody is proved: limits, the oldest go first.
//
// kamailio.cfg calls connections() four times a second, in a process of its
// own.  Listing all connections costs a few milliseconds for each thousand, so
// it is done when there are many more than had a user at the last look, and
// every two seconds.

var EVERY = 8;             // calls between two lists when nothing grows
var GROWTH = 32;           // connections more than at the last look

var seen = {};             // id: when it was seen first, ms
var counts = {};           // user: connections
var last = { known: 0, calls: EVERY };

function rpc(method) {
	KSR.jsonrpcs.exec(JSON.stringify({ jsonrpc: "2.0", method: method, id: 1 }));
	return JSON.parse(KSR.jsonrpcs.response()).result;
}

// Ours to an instance (whose port is in the list), or an instance's to us
function of_pool(con, pool_port) {
	var host = con.src_ip.indexOf(":") < 0 ? con.src_ip :
		"[" + con.src_ip + "]";
	var uri = "sip:" + host + ":" + con.src_port + ";transport="
		+ con.type.toLowerCase();

	return KSR.dispatcher.ds_is_from_list_uri(1, 0, uri) > 0 ||
		(con.dst_port === pool_port &&
		 KSR.dispatcher.ds_is_from_list_uri(1, 3, uri) > 0);
}

function close(con, why) {
	KSR.tcpops.tcp_close_connection_id(con.id);
	KSR.statistics.update_stat("edge_closed_" + why, "+1");
}

// What the routes remember of users, made true again
function account(users) {
	var name;

	for (name in counts)
		if (!users[name])
			KSR.htable.sht_rm("count", name);
	for (name in users)
		KSR.htable.sht_seti("count", name, users[name]);
	counts = users;
}

// Connections without a user, oldest first
function strangers(list, now, pool_port) {
	var all = {}, users = {}, rest = [], id;

	list.forEach(function (con) {
		var user = KSR.htable.sht_get("conn", String(con.id));

		all[con.id] = seen[con.id] || now;
		if (user)
			users[user] = (users[user] || 0) + 1;
		else if (!of_pool(con, pool_port))
			rest.push(con);
	});
	for (id in seen)
		if (!all[id])
			KSR.htable.sht_rm("conn", id);
	seen = all;
	account(users);
	last.known = list.length - rest.length;

	return rest.sort(function (a, b) {
		return seen[a.id] - seen[b.id] || a.id - b.id;
	});
}

function limit(list, now, max) {
	var count = {}, total = 0, i, con;

	for (i = list.length - 1; i >= 0; i--) {
		con = list[i];
		count[con.src_ip] = (count[con.src_ip] || 0) + 1;
		if (now - seen[con.id] > max.life_s * 1000)
			close(con, "age");
		else if (count[con.src_ip] > max.of_address)
			close(con, "address");
		else if (++total > max.of_all)
			close(con, "all");
	}
}

// numbers: life in seconds, connections of an address, of all, the pool's port
function connections(numbers) {
	var n = numbers.split(" ").map(Number), now = Date.now();
	var open = rpc("core.tcp_info").opened_connections;

	if (open <= last.known + GROWTH && ++last.calls < EVERY)
		return 1;
	last.calls = 0;
	limit(strangers(rpc("core.tcp_list"), now, n[3]), now,
	      { life_s: n[0], of_address: n[1], of_all: n[2] });

	return 1;
}
