// Relays any connection to a port of 127.0.0.1, and can cut them all.
const net = require('net');
const { once } = require('events');

exports.relayTo = async function (port) {
	const links = new Set();
	const listener = net.createServer((client) => {
		const server = net.connect(port, '127.0.0.1');
		for (const link of [client, server]) {
			links.add(link);
			link.on('error', () => {});
			link.on('close', () => links.delete(link));
		}
		client.pipe(server).pipe(client);
	});
	const cut = () => links.forEach((link) => link.destroy());

	listener.listen(0, '127.0.0.1');
	await once(listener, 'listening');
	return {
		port: listener.address().port,
		cut,
		close() {
			listener.close();
			cut();
		},
	};
};
