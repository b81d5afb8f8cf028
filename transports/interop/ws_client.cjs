// Receives what the log holds, publishes, and receives that, by the npm package ws: URL
const WebSocket = require('ws');

const socket = new WebSocket(process.argv[2]);
let received = 0;

socket.on('message', (data) => {
	console.log(data.toString());
	if (++received === 1)
		socket.send('from node');
	else
		socket.ping();
});
socket.on('pong', () => socket.close(1000));
socket.on('close', (code) => console.log('closed', code));
