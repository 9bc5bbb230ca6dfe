import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** An address of Feishu for one program alone: each of its calls names the door in its `host` header. */
export interface Door {
  /** Origin, for `FEISHU_DOMAIN`. */
  readonly url: string;
  /** As it stands in the header. */
  readonly host: string;
  close(): void;
}

/** Opens another way to a server: bytes go through as they are, and whoever goes away is gone on both sides. */
export async function openDoor(to: string): Promise<Door> {
  const { hostname, port } = new URL(to);
  const sockets = new Set<Socket>();
  const tie = (one: Socket, other: Socket): void => {
    sockets.add(one);
    one.on('error', () => other.destroy());
    one.on('close', () => {
      sockets.delete(one);
      other.destroy();
    });
    one.pipe(other);
  };
  const server = createServer({ noDelay: true }, (outside) => {
    const inside = connect({ port: Number(port), host: hostname, noDelay: true });
    tie(outside, inside);
    tie(inside, outside);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}`,
    host,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
