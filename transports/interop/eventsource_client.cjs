// Receives events by the npm package eventsource: URL. After the first one the connection is cut,
// by a relay between the two, and a message is published while nobody listens.
const assert = require('assert');
const { EventSource } = require('eventsource');
const { check } = require('./checks.cjs');
const { relayTo } = require('./relay.cjs');

const url = new URL(process.argv[2]);

async function publish(text) {
	await fetch(new URL('/publish?topic=eventsource', url), { method: 'POST', body: text });
}

async function resume() {
	const relay = await relayTo(url.port);
	const relayed = new URL('/sse?topic=eventsource&since=0', url);

	await publish('first');
	relayed.port = relay.port;
	const source = new EventSource(relayed);
	try {
		const ids = await new Promise((resolve) => {
			const received = [];

			source.onmessage = async (event) => {
				received.push(`${event.lastEventId} ${JSON.parse(event.data).data}`);
				if (received.length === 2)
					resolve(received);
				relay.cut();
				await publish('while away');
			};
		});
		assert.deepStrictEqual(ids, ['1 first', '2 while away']);
	} finally {
		source.close();
		relay.close();
	}
}

check('resumes where its connection was cut', resume).then(() => process.exit());
