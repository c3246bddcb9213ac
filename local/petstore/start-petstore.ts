import type { Clock } from '../../lambda/core/clock.ts';
import { type Loopback, serveLoopback } from '../serve-loopback.ts';
import { createPetstore, type PetstoreOptions } from './petstore.ts';

export interface Petstore extends Loopback {
  readonly url: string;
}

/** Opens the shop on this machine. `port` 0 is any that is free. */
export const startPetstore = async (
  { port, ...options }: PetstoreOptions & { readonly port: number },
  clock: Clock,
): Promise<Petstore> => {
  const app = createPetstore(options);
  const loopback = await serveLoopback(app.fetch, port, clock);
  return { ...loopback, url: `http://127.0.0.1:${loopback.port}` };
};
