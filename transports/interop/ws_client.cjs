// Uses a server's WebSockets by the npm package ws: URL DOOR TOKEN ORIGIN. URL serves anyone; DOOR
// those who show TOKEN, of pages only those of ORIGIN.
const assert = require('assert');
const { on, once } = require('events');
const WebSocket = require('ws');
const { check } = require('./checks.cjs');

const [url, door, token, origin] = process.argv.slice(2);

// A connection to a server, in which messages are waited for one after another.
function connect(server, topic, protocols = [], options = {}) {
	const socket = new WebSocket(`${server}/websocket?topic=${topic}&since=0`, protocols, options);
	const messages = on(socket, 'message');

	socket.next = async () => (await messages.next()).value;
	socket.nextText = async () => {
		const [data, isBinary] = await socket.next();
		assert.strictEqual(isBinary, false);
		return JSON.parse(data).data;
	};
	socket.on('error', () => {});
	return socket;
}

async function open(...options) {
	const socket = connect(...options);
	await once(socket, 'open');
	return socket;
}

// What the server does about what `send` sends.
async function closeCode(server, topic, send) {
	const socket = await open(server, topic);
	const closed = once(socket, 'close');
	send(socket);
	return (await closed)[0];
}

async function end(socket) {
	const closed = once(socket, 'close');
	socket.close(1000);
	assert.strictEqual((await closed)[0], 1000);
}

async function publishText() {
	const socket = await open(url, 'ws');
	assert.strictEqual(await socket.nextText(), 'by curl');
	socket.send('by ws');
	assert.strictEqual(await socket.nextText(), 'by ws');
	await end(socket);
}

async function publishBytes() {
	const socket = await open(url, 'ws-bytes');
	socket.send(Buffer.from([0, 255, 10, 13]));
	const [data, isBinary] = await socket.next();
	assert.strictEqual(isBinary, true);
	assert.strictEqual(data.readBigUInt64BE(0), 1n);
	assert.deepStrictEqual([...data.subarray(16)], [0, 255, 10, 13]);
	await end(socket);
}

async function publishFragments() {
	const socket = await open(url, 'ws-fragments');
	socket.send('in ', { fin: false });
	socket.ping();
	socket.send('three ', { fin: false });
	socket.send('parts', { fin: true });
	assert.strictEqual(await socket.nextText(), 'in three parts');
	await end(socket);
}

async function publishMegabyte() {
	const socket = await open(url, 'ws-megabyte');
	const text = 'm'.repeat(1e6);
	socket.send(text);
	assert.ok((await socket.nextText()) === text, 'what came back is different');
	await end(socket);
}

async function ping() {
	const socket = await open(url, 'ws-ping');
	const pong = once(socket, 'pong');
	socket.ping('are you there');
	assert.strictEqual(String((await pong)[0]), 'are you there');
	await end(socket);
}

async function offerDeflate() {
	const socket = await open(url, 'ws-deflate', [], { perMessageDeflate: true });
	assert.strictEqual(socket.extensions, '');
	await end(socket);
}

async function offerSubprotocols() {
	const socket = await open(url, 'ws-subprotocol', ['another', 'pushlab']);
	assert.strictEqual(socket.protocol, 'pushlab');
	await end(socket);
}

// It then fails the connection, as browsers do (Fetch standard, "establish a WebSocket connection").
async function offerAnotherSubprotocol() {
	const socket = connect(url, 'ws-subprotocol', ['another']);
	await assert.rejects(once(socket, 'open'), /no subprotocol/);
}

async function refused(server, options) {
	const socket = connect(server, 'default', [], options);
	const [, response] = await once(socket, 'unexpected-response');
	response.destroy();
	return response.statusCode;
}

async function converseAtDoor(socket) {
	socket.send('inside');
	while ((await socket.nextText()) !== 'inside')
		continue;
	await end(socket);
}

async function enterByHeader() {
	const headers = { Authorization: `Bearer ${token}` };
	await converseAtDoor(await open(door, 'default', [], { headers, origin }));
}

async function enterByMessage() {
	const socket = await open(door, 'default', [], { origin });
	socket.send(JSON.stringify({ token }));
	await converseAtDoor(socket);
}

async function main() {
	await check('gets the log, publishes a text and gets it', publishText);
	await check('publishes bytes', publishBytes);
	await check('publishes in fragments, with a ping between them', publishFragments);
	await check('publishes a megabyte', publishMegabyte);
	await check('is answered a ping', ping);
	await check('offers permessage-deflate, which is not taken up', offerDeflate);
	await check('offers two subprotocols, and pushlab is chosen', offerSubprotocols);
	await check('offers another subprotocol, and none is chosen', offerAnotherSubprotocol);
	await check('is closed with 1009 for a message too large', async () =>
		assert.strictEqual(await closeCode(url, 'ws-large', (s) => s.send('m'.repeat(3e6))), 1009));
	await check('is closed with 1007 for a text that is not UTF-8', async () =>
		assert.strictEqual(await closeCode(url, 'ws-utf8', (s) =>
			s.send(Buffer.from([0xff]), { binary: false })), 1007));
	await check('shows its token in Authorization', enterByHeader);
	await check('shows its token in its first message', enterByMessage);
	await check('is closed with 1008 for a wrong token', async () =>
		assert.strictEqual(await closeCode(door, 'default', (s) =>
			s.send('{"token":"wrong"}')), 1008));
	await check('is refused with 401 for a wrong token in Authorization', async () =>
		assert.strictEqual(await refused(door, { headers: { Authorization: 'Bearer no' } }), 401));
	await check('is refused with 403 for another Origin', async () =>
		assert.strictEqual(await refused(door, { origin: 'https://evil.example' }), 403));
}

main().then(() => process.exit());
