"""Tunnels that talk all the time, and an origin for them; each echo that is missing is known."""

import asyncio
import itertools
import ssl
import threading

import websockets

PAUSE, PATIENCE = 0.05, 15


class Talk:
    """An event loop in a thread, with one origin on fixed ports and tunnels to it through somebody."""

    def __init__(self):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.tunnels = []

    def _do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)

    def serve(self, *ports):
        async def echo(connection):
            try:
                async for message in connection:
                    await connection.send(message)
            except websockets.ConnectionClosed:
                pass

        async def begin():
            for port in ports:
                await websockets.serve(echo, "127.0.0.1", port, ping_interval=None)
        self._do(begin())

    def open(self, url, count):
        async def begin():
            # The certificate is of a moment ago, and by nobody.
            context = ssl._create_unverified_context() if url.startswith("wss") else None
            return [Tunnel(url, await websockets.connect(url, ssl=context, ping_interval=None, close_timeout=2), self._loop)
                    for _ in range(count)]
        made = self._do(begin())
        self.tunnels += made
        return made

    def close(self, tunnels):
        async def end():
            await asyncio.gather(*(tunnel.end() for tunnel in tunnels))
        self._do(end())
        self.tunnels = [tunnel for tunnel in self.tunnels if tunnel not in tunnels]

    def echoes(self):
        return sum(tunnel.echoes for tunnel in self.tunnels)

    def lost(self):
        """What went wrong, of all tunnels that nobody closed."""
        return [f"{tunnel.url}: {tunnel.wrong}" for tunnel in self.tunnels if tunnel.wrong]

    def stop(self):
        self.close(list(self.tunnels))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


class Tunnel:
    def __init__(self, url, connection, loop):
        self.url, self.echoes, self.wrong = url, 0, None
        self._connection, self._ending = connection, False
        self._task = loop.create_task(self._talk())

    async def _talk(self):
        try:
            for number in itertools.count():
                if self._ending:
                    return
                await self._connection.send(str(number))
                answer = await asyncio.wait_for(self._connection.recv(), PATIENCE)
                if answer != str(number):
                    self.wrong = f"echo {answer} of {number}"
                    return
                self.echoes += 1
                await asyncio.sleep(PAUSE)
        except Exception as failed:
            self.wrong = f"after {self.echoes} echoes: {type(failed).__name__} {failed}"

    async def end(self):
        self._ending = True
        await self._task
        await self._connection.close()
