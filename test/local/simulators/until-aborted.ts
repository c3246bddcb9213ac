import type { Simulators } from '../../../local/simulators/start-simulators.ts';

/** Whether the latest call is seen as aborted by its client, within a second. */
export const untilAborted = async (simulators: Simulators): Promise<boolean> => {
  for (let tries = 0; tries < 100; tries++) {
    if (simulators.calls().at(-1)?.aborted === true) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
};
