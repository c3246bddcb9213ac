import { listen } from './loopback.ts';

/** A port of loopback that nobody used a moment ago, for programs that can't choose one themselves. */
export const freePort = async (): Promise<number> => {
  const probe = await listen((_, response) => void response.end());
  await probe.close();
  return Number(new URL(probe.url).port);
};
