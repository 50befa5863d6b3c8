// A TCP proxy between a client and its broker, for tests: it can cut connections and hold back what they carry.
import { connect, createServer, type Socket } from 'node:net';

/** As the client sees it. */
export type Way = 'up' | 'down' | 'both';

export interface TcpProxy {
  readonly port: number;
  readonly url: string;
  /** How many connections it carries. */
  readonly connections: number;
  /** Breaks every connection, on both sides. */
  cut(): void;
  /** Holds back what goes this way, as a network does that loses it, until resumed. Default: both ways. */
  pause(way?: Way): void;
  /** All that was held back arrives. */
  resume(): void;
  /** Loses for good what goes this way until the end: new connections only are whole again after that. */
  lose(way: Way): void;
  endLoss(): void;
  close(): Promise<void>;
}

/** Starts a proxy on a free port of this machine. */
export async function startProxy(targetPort: number): Promise<TcpProxy> {
  const ends = new Set<End>();
  let paused: Way | undefined;
  let losing: Way | undefined;
  const server = createServer((near) => {
    const far = connect({ port: targetPort, host: '127.0.0.1', noDelay: true });
    near.setNoDelay(true);
    carry({ from: near, to: far, way: 'up', hasLost: false });
    carry({ from: far, to: near, way: 'down', hasLost: false });
  });
  const carry = (end: End) => {
    const { from, to, way } = end;
    ends.add(end);
    from.on('data', (chunk) => {
      if (includes(losing, way)) end.hasLost = true;
      else to.write(chunk);
    });
    from.on('error', () => to.destroy());
    from.on('close', () => {
      // A network that loses everything loses the end, too.
      if (includes(losing, way)) end.hasLost = true;
      else finish(end);
    });
    if (includes(paused, way)) from.pause();
  };
  const finish = (end: End) => {
    ends.delete(end);
    end.from.destroy();
    end.to.destroy();
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the proxy has no port');
  const cut = () => {
    for (const end of [...ends]) finish(end);
  };
  return {
    port: address.port,
    url: `mqtt://127.0.0.1:${address.port}`,
    get connections() {
      return ends.size / 2;
    },
    cut,
    pause(way = 'both') {
      paused = way;
      for (const end of ends) if (includes(way, end.way)) end.from.pause();
    },
    resume() {
      paused = undefined;
      for (const { from } of ends) from.resume();
    },
    lose(way) {
      losing = way;
    },
    endLoss() {
      losing = undefined;
      for (const end of [...ends]) if (end.hasLost) finish(end);
    },
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** One direction of a connection. */
interface End {
  readonly from: Socket;
  readonly to: Socket;
  readonly way: 'up' | 'down';
  hasLost: boolean;
}

function includes(cut: Way | undefined, way: 'up' | 'down'): boolean {
  return cut === 'both' || cut === way;
}
