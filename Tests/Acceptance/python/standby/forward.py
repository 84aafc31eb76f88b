"""Carries connections from a port of this host to one of another: PORT ADDRESS PORT."""

import asyncio
import sys


async def carry(source: asyncio.StreamReader, target: asyncio.StreamWriter):
    try:
        while data := await source.read(1 << 16):
            target.write(data)
            await target.drain()
    except OSError:
        pass  # either end is gone, which the other is told
    finally:
        target.close()


async def main():
    async def serve(reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection(address, int(far))
        except OSError:
            writer.close()
            return
        await asyncio.gather(carry(reader, far_writer), carry(far_reader, writer))

    near, address, far = sys.argv[1:]
    server = await asyncio.start_server(serve, "127.0.0.1", int(near))
    await server.serve_forever()


asyncio.run(main())
