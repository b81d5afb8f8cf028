// Uses servers as web pages do, in Debian's headless Chromium: USER_DATA_DIR CERTIFICATE TOKEN
// STACK=URL=DOOR... URL serves anyone; DOOR those who show TOKEN, of pages only those of URL's
// origin. CERTIFICATE is that of the servers. The browser is told what to do by the DevTools
// protocol.
const assert = require('assert');
const { spawn } = require('child_process');
const { createHash, X509Certificate } = require('crypto');
const { EventEmitter, once } = require('events');
const { readFileSync } = require('fs');
const { createInterface } = require('readline');
const WebSocket = require('ws');
const { bounded, check } = require('./checks.cjs');
const { relayTo } = require('./relay.cjs');

const [userData, certificate, token, ...servers] = process.argv.slice(2);

// The browser and its own processes are a group, and share one standard error: they are gone when
// that is closed. What it would leave in the user's home goes where its data is.
function startBrowser() {
	const key = new X509Certificate(readFileSync(certificate)).publicKey;
	const spki = key.export({ type: 'spki', format: 'der' });
	const trusted = createHash('sha256').update(spki).digest('base64');
	const browser = spawn('chromium', [
		'--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
		'--disable-background-networking', '--disable-component-update', '--disable-sync',
		'--no-proxy-server', '--remote-debugging-port=0', `--user-data-dir=${userData}`,
		`--ignore-certificate-errors-spki-list=${trusted}`, 'about:blank',
	], {
		detached: true,
		env: { ...process.env, HOME: userData, TMPDIR: userData },
		stdio: ['ignore', 'ignore', 'pipe'],
	});
	const gone = new Promise((resolve) => browser.on('close', resolve));

	browser.kill = () => {
		try {
			process.kill(-browser.pid, 'SIGKILL');
		} catch {
			// there is none any more
		}
		return gone;
	};
	process.on('exit', browser.kill);
	for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'])
		process.on(signal, () => browser.kill().then(() => process.exit(1)));
	return browser;
}

// Its DevTools' address is on standard error, among complaints.
async function addressOf(browser) {
	const said = [];
	const address = new Promise((resolve) => {
		createInterface(browser.stderr).on('line', (line) => {
			const found = line.match(/^DevTools listening on (.*)/);

			said.push(line);
			if (found)
				resolve(found[1]);
		});
	});
	const ended = once(browser, 'exit').then(() => {
		throw new Error(`the browser ended: ${said.join(' ')}`);
	});

	return Promise.race([address, ended]);
}

// Sends commands, waits for their results, and emits events as METHOD SESSION.
class DevTools extends EventEmitter {
	#socket;
	#waiting = new Map();
	#lastId = 0;

	async open(address) {
		this.#socket = new WebSocket(address);
		this.#socket.on('message', (text) => this.#receive(JSON.parse(text)));
		this.#socket.on('close', () => this.#lose());
		this.#socket.on('error', () => {});
		await once(this.#socket, 'open');
	}

	send(method, params = {}, sessionId = undefined) {
		const id = ++this.#lastId;

		return new Promise((resolve, reject) => {
			this.#waiting.set(id, { resolve, reject });
			this.#socket.send(JSON.stringify({ id, method, params, sessionId }), (error) =>
				error && reject(error));
		});
	}

	#receive({ id, method, params, sessionId, error, result }) {
		const command = this.#waiting.get(id);

		this.#waiting.delete(id);
		if (error)
			command?.reject(new Error(error.message));
		else if (command)
			command.resolve(result);
		else
			this.emit(`${method} ${sessionId}`, params);
	}

	#lose() {
		for (const command of this.#waiting.values())
			command.reject(new Error('the browser is gone'));
	}
}

const devTools = new DevTools();

class Page {
	#session;
	#target;

	async open(url) {
		const { targetId } = await devTools.send('Target.createTarget', { url: 'about:blank' });
		this.#target = targetId;
		const { sessionId } = await devTools.send('Target.attachToTarget',
			{ targetId, flatten: true });
		this.#session = sessionId;
		await this.#send('Page.enable');
		await this.#send('Network.enable');
		const loaded = this.next('Page.loadEventFired');
		const { errorText } = await this.#send('Page.navigate', { url });
		assert.strictEqual(errorText, undefined);
		await loaded;
	}

	// The next event of that name.
	async next(method) {
		return (await once(devTools, `${method} ${this.#session}`))[0];
	}

	// What a function gives that is called in the page, where it knows those that are for pages.
	async run(act, ...values) {
		const expression = `{ ${forPages.join('\n')} (${act})(...${JSON.stringify(values)}); }`;
		const { result, exceptionDetails } = await this.#send('Runtime.evaluate',
			{ expression, awaitPromise: true, returnByValue: true });
		if (exceptionDetails)
			throw new Error(exceptionDetails.exception.description ?? exceptionDetails.text);
		return result.value;
	}

	close() {
		return devTools.send('Target.closeTarget', { targetId: this.#target });
	}

	#send(method, params) {
		return devTools.send(method, params, this.#session);
	}
}

// Lets `act` use a page that shows something of the server, so that its origin is the server's.
async function withPage(url, act) {
	const page = new Page();

	await page.open(`${url}/stats`);
	try {
		return await act(page);
	} finally {
		await page.close();
	}
}

// For pages.

async function publish(topic, body) {
	const response = await fetch(`/publish?topic=${topic}`, { method: 'POST', body });
	return `${response.status} ${(await response.text()).trim()}`;
}

async function get(path) {
	const response = await fetch(path);
	const lines = (await response.text()).split('\n');
	return [response.status, ...lines.filter(Boolean).map((line) => JSON.parse(line).data)];
}

function next(source, type) {
	return new Promise((resolve) => {
		source.addEventListener(type, resolve, { once: true });
	});
}

async function close(socket) {
	const closed = next(socket, 'close');
	socket.close(1000);
	const { code, wasClean } = await closed;
	return { code, wasClean };
}

const forPages = [publish, get, next, close];

// Checks.

function poll(page) {
	return page.run(async () => [
		await publish('chromium-polling', 'hello'),
		await get('/polling?topic=chromium-polling&since=0'),
		await get('/polling?topic=chromium-polling&since=1'),
	]);
}

// It publishes when the server says that somebody waits.
function waitForNews(page) {
	return page.run(async () => {
		const news = get('/longpoll?topic=chromium-longpoll');
		while ((await (await fetch('/stats')).json()).subscribers !== 1)
			continue;
		return [await publish('chromium-longpoll', 'fresh'), await news];
	});
}

function listen(page) {
	return page.run(async () => {
		const received = [];
		await publish('chromium-sse', 'before');
		const source = new EventSource('/sse?topic=chromium-sse&since=0');
		source.addEventListener('message', ({ lastEventId, data }) =>
			received.push(`${lastEventId} ${JSON.parse(data).data}`));
		await next(source, 'message');
		const second = next(source, 'message');
		await publish('chromium-sse', 'after');
		await second;
		source.close();
		return received;
	});
}

// The page comes through a relay, and so do its events.
async function resume(page, url, relay) {
	await page.run(async () => {
		window.seen = { opened: 0, failed: 0, received: [] };
		window.source = new EventSource('/sse?topic=chromium-resume&since=0');
		source.addEventListener('open', () => seen.opened++);
		source.addEventListener('error', () => seen.failed++);
		source.addEventListener('message', ({ lastEventId, data }) =>
			seen.received.push(`${lastEventId} ${JSON.parse(data).data}`));
		await publish('chromium-resume', 'first');
		while (seen.received.length < 1)
			await next(source, 'message');
	});
	relay.cut();
	await fetch(`${url}/publish?topic=chromium-resume`, { method: 'POST', body: 'while away' });
	return page.run(async () => {
		while (seen.received.length < 2)
			await next(source, 'message');
		source.close();
		return seen;
	});
}

function converse(page, url) {
	return page.run(async (server) => {
		const socket = new WebSocket(`${server}/websocket?topic=chromium-websocket&since=0`,
			['another', 'pushlab']);
		const received = [];
		socket.binaryType = 'arraybuffer';
		socket.addEventListener('message', ({ data }) => received.push(data));
		await next(socket, 'open');
		for (const message of ['hello', new Uint8Array([0, 255, 10, 13])]) {
			const echo = next(socket, 'message');
			socket.send(message);
			await echo;
		}
		const { protocol, extensions } = socket;
		const end = await close(socket);
		const [text, bytes] = received;
		return { count: received.length, text: JSON.parse(text).data, protocol, extensions,
			id: String(new DataView(bytes).getBigUint64(0)), bytes: [...new Uint8Array(bytes, 16)],
			...end };
	}, url);
}

function enter(page, door) {
	return page.run(async (server, secret) => {
		const socket = new WebSocket(`${server}/websocket`);
		await next(socket, 'open');
		const message = next(socket, 'message');
		socket.send(JSON.stringify({ token: secret }));
		socket.send('inside');
		const { data } = JSON.parse((await message).data);
		return { data, ...await close(socket) };
	}, door, token);
}

function enterWrongly(page, door) {
	return page.run(async (server) => {
		const socket = new WebSocket(`${server}/websocket`);
		const closed = next(socket, 'close');
		await next(socket, 'open');
		socket.send(JSON.stringify({ token: 'wrong' }));
		const { code, wasClean } = await closed;
		return { code, wasClean };
	}, door);
}

// A page is not told why; the browser is.
async function knock(page, door) {
	const failed = page.next('Network.webSocketFrameError');
	const code = await page.run(async (server) =>
		(await next(new WebSocket(`${server}/websocket`), 'close')).code, door);
	return [code, (await failed).errorMessage];
}

async function checkStack(stack, url, door) {
	const where = `${stack} ${new URL(url).protocol.slice(0, -1)}`;
	const doorSocket = door.replace('http', 'ws');
	const ended = { code: 1000, wasClean: true };
	const checkPage = (transport, what, act, expected, at = url) =>
		check(`${transport}/${where}: ${what}`, () => withPage(at, async (page) =>
			assert.deepStrictEqual(await act(page), expected)));

	await checkPage('polling', 'a page publishes, and gets it', poll,
		['200 {"id":1}', [200, 'hello'], [204]]);
	await checkPage('longpoll', 'a page is held, and gets news', waitForNews,
		['200 {"id":1}', [200, 'fresh']]);
	await checkPage('sse', 'EventSource gets the log and news', listen, ['1 before', '2 after']);
	await checkPage('websocket', 'a page publishes a text and bytes, and gets them',
		(page) => converse(page, url.replace('http', 'ws')),
		{ count: 2, text: 'hello', protocol: 'pushlab', extensions: '', id: '2',
			bytes: [0, 255, 10, 13], ...ended });
	await checkPage('websocket', 'a page shows its token in its first message',
		(page) => enter(page, doorSocket), { data: 'inside', ...ended });
	await checkPage('websocket', 'a page is closed with 1008 for a wrong token',
		(page) => enterWrongly(page, doorSocket), { code: 1008, wasClean: true });
	await checkPage('websocket', 'a page of another origin is refused with 403',
		(page) => knock(page, doorSocket),
		[1006, 'Error during WebSocket handshake: Unexpected response code: 403'],
		url.replace('127.0.0.1', 'localhost'));
}

async function checkResuming(stack, url) {
	const { protocol, port } = new URL(url);

	await check(`sse/${stack} ${protocol.slice(0, -1)}: EventSource resumes where it was cut`,
		async () => {
			const relay = await relayTo(port);
			const relayed = url.replace(port, relay.port);

			try {
				assert.deepStrictEqual(
					await withPage(relayed, (page) => resume(page, url, relay)),
					{ opened: 2, failed: 1, received: ['1 first', '2 while away'] });
			} finally {
				relay.close();
			}
		});
}

async function main() {
	const stacks = servers.map((server) => server.split('='));
	const browser = startBrowser();

	try {
		await bounded(addressOf(browser).then((address) => devTools.open(address)));
		for (const stack of stacks)
			await checkStack(...stack);
		// EventSource waits for some seconds before it connects again: all of them at once.
		await Promise.all(stacks.map((stack) => checkResuming(...stack)));
	} finally {
		await bounded(browser.kill());
	}
}

main().then(() => process.exit(), (error) => {
	console.error(error);
	process.exit(1);
});
