import type { CompiledMcp } from '../../config/compiled-mcp.ts';
import { type Call, noFacts } from '../../lambda/core/call.ts';
import { ANONYMOUS } from '../../lambda/core/principal.ts';
import { Refusal } from '../../lambda/core/refusal.ts';
import { createTargets, type TargetPorts } from '../../lambda/targets/create-targets.ts';
import { nameItems } from '../../lambda/targets/named-items.ts';
import { type McpTarget, TargetError } from '../../lambda/targets/target.ts';
import type { LiveServer } from './compare-pins.ts';

/** Nobody stands behind this call: what is approved is what the gateway lists with a credential of its own. */
const callOf = (signal: AbortSignal): Call => ({
  id: 'mcp-pins',
  principal: ANONYMOUS,
  token: undefined,
  request: { method: 'POST', path: '/', headers: {}, ip: '127.0.0.1' },
  route: '',
  signal,
  facts: noFacts(),
});

/** What servers of the policy list at this moment, each by itself: one that fails says why. */
export const readLive =
  (mcp: CompiledMcp, ports: TargetPorts) =>
  async (servers: readonly string[]): Promise<ReadonlyMap<string, LiveServer>> => {
    const targets = createTargets(mcp, ports);
    const read = servers.map(async (name) => [name, await readOne(targets.get(name))] as const);
    return new Map(await Promise.all(read));
  };

const readOne = async (target: McpTarget | undefined): Promise<LiveServer> => {
  if (target === undefined) return { failed: 'not in the policy' };
  if (target.perUser) return { failed: 'it is listed as each user: give it a listCredential of its own' };
  const { signal } = new AbortController();
  try {
    const call = callOf(signal);
    const { items, partial } = await target.list('tools/list', { call, signal, capabilities: {}, trace: {} });
    // What is missing from part of a list was not removed.
    if (partial !== undefined) return { failed: `its list has no end: ${partial}` };
    return { tools: nameItems(target.name, items, 'always', 'tools').items };
  } catch (thrown) {
    if (thrown instanceof TargetError) return { failed: `it answered with error ${thrown.code}` };
    if (thrown instanceof Refusal) return { failed: [thrown.code, thrown.detail.reason].filter(Boolean).join(', ') };
    throw thrown;
  }
};
