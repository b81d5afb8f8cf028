"""Uses a server's WebSockets by python3-websockets: URL DOOR TOKEN. URL serves anyone, DOOR those
who show TOKEN."""

import asyncio
import json
import sys

import websockets

url, door, token = sys.argv[1:]


def connect(topic, **options):
    return websockets.connect(f"{url}/websocket?topic={topic}&since=0", **options)


async def text_of(socket):
    return json.loads(await socket.recv())["data"]


async def close_code(socket):
    try:
        while True:
            await socket.recv()
    except websockets.ConnectionClosed as closed:
        return closed.rcvd and closed.rcvd.code


async def publish_text():
    async with connect("python") as socket:
        assert await text_of(socket) == "by curl"
        await socket.send("by python")
        assert await text_of(socket) == "by python"
    assert socket.close_code == 1000, socket.close_code


async def publish_bytes():
    async with connect("python-bytes") as socket:
        await socket.send(b"\x00\xff\n\r")
        message = await socket.recv()
        assert int.from_bytes(message[:8], "big") == 1, message
        assert message[16:] == b"\x00\xff\n\r", message


async def publish_fragments():
    async with connect("python-fragments") as socket:
        await socket.send(["in ", "three ", "parts"])
        assert await text_of(socket) == "in three parts"


async def ping():
    async with connect("python-ping") as socket:
        await (await socket.ping("are you there"))


# It accepts an answer without one, as RFC 6455 §4.1 has it.
async def offer_another_subprotocol():
    async with connect("python-subprotocol", subprotocols=["another"]) as socket:
        assert socket.subprotocol is None, socket.subprotocol
        await socket.send("all the same")
        assert await text_of(socket) == "all the same"


async def offer_subprotocols():
    async with connect("python-subprotocol", subprotocols=["another", "pushlab"]) as socket:
        assert socket.subprotocol == "pushlab", socket.subprotocol


async def send_too_much():
    async with connect("python-large") as socket:
        await socket.send("m" * 2000000)
        code = await close_code(socket)
    assert code == 1009, code


async def show_token():
    async with websockets.connect(f"{door}/websocket") as socket:
        await socket.send(json.dumps({"token": token}))
        await socket.send("inside")
        assert await text_of(socket) == "inside"


async def show_wrong_token():
    async with websockets.connect(f"{door}/websocket") as socket:
        await socket.send('{"token":"wrong"}')
        code = await close_code(socket)
    assert code == 1008, code


async def check(what, act):
    try:
        await asyncio.wait_for(act(), 20)
        print(f"ok {what}")
    except Exception as error:  # pylint: disable=broad-except
        print(f"not ok {what}: {error!r}".replace("\n", " "))


async def main():
    await check("gets the log, publishes a text and gets it", publish_text)
    await check("publishes bytes", publish_bytes)
    await check("publishes in fragments", publish_fragments)
    await check("is answered a ping", ping)
    await check("offers two subprotocols, and pushlab is chosen", offer_subprotocols)
    await check("offers another subprotocol, and is served without", offer_another_subprotocol)
    await check("is closed with 1009 for a message too large", send_too_much)
    await check("shows its token in its first message", show_token)
    await check("is closed with 1008 for a wrong token", show_wrong_token)


asyncio.run(main())
