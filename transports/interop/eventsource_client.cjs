// Receives events by the npm package eventsource: HOST:PORT. After the first one the connection is
// cut, by a relay between the two, and a message is published while nobody listens.
const net = require('net');
const { EventSource } = require('eventsource');

const [host, port] = process.argv[2].split(':');
const links = new Set();

const relay = net.createServer((client) => {
	const server = net.connect(port, host);
	for (const link of [client, server]) {
		links.add(link);
		link.on('error', () => {});
	}
	client.pipe(server).pipe(client);
});

async function cut() {
	for (const link of links)
		link.destroy();
	await fetch(`http://${host}:${port}/publish`, { method: 'POST', body: 'while away' });
}

relay.listen(0, '127.0.0.1', () => {
	const source = new EventSource(`http://127.0.0.1:${relay.address().port}/sse?since=0`);
	let received = 0;

	source.onmessage = (event) => {
		console.log(event.lastEventId, event.data);
		if (++received === 1)
			cut();
		else
			process.exit();
	};
});
