"""Receives what the log holds, publishes, and receives that, by python3-websockets: URL"""

import asyncio
import sys

import websockets


async def main(url):
    async with websockets.connect(url) as socket:
        print(await socket.recv())
        await socket.send("from python")
        print(await socket.recv())
        await (await socket.ping())
    print("closed", socket.close_code)


asyncio.run(asyncio.wait_for(main(sys.argv[1]), 20))
