import type { Clock } from '../../../lambda/core/clock.ts';

export interface Message {
  /** As Slack has it: seconds since the epoch, and a number that makes it unique. */
  readonly ts: string;
  /** The `sub` of whoever wrote it. */
  readonly user: string;
  readonly text: string;
  /** The message that this one answers. */
  readonly threadTs?: string;
}

export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly topic: string;
}

/** Channels and their messages, in memory. */
export interface Workspace {
  readonly channels: readonly Channel[];
  /** Oldest first; undefined for a channel that is not there. By id, or by name with or without `#`. */
  messagesOf(channel: string): readonly Message[] | undefined;
  find(channel: string): Channel | undefined;
  post(channel: Channel, message: Omit<Message, 'ts'>): Message;
  /** Whether there was one, with what answers it. */
  remove(channel: Channel, ts: string): boolean;
}

const CHANNELS: readonly Channel[] = [
  { id: 'C01GENERAL', name: 'general', topic: 'What concerns everybody' },
  { id: 'C02DEPLOYS', name: 'deploys', topic: 'What goes live, and when' },
  { id: 'C03INCIDENTS', name: 'incidents', topic: 'What is broken' },
];

const FIRST: Readonly<Record<string, readonly Message[]>> = {
  C01GENERAL: [
    {
      ts: '1793000000.000001',
      user: 'admin@acme.example',
      text: 'The gateway has moved in. Say hello to your agents.',
    },
  ],
  C02DEPLOYS: [
    { ts: '1793000100.000002', user: 'jane@acme.example', text: 'payments 4.2 goes out at three' },
    { ts: '1793000160.000003', user: 'admin@acme.example', text: 'fine by me', threadTs: '1793000100.000002' },
    { ts: '1793000900.000004', user: 'jane@acme.example', text: 'payments 4.2 is live' },
  ],
  C03INCIDENTS: [
    {
      ts: '1793001200.000005',
      user: 'reader@acme.example',
      text: 'Invoices are slow since payments 4.2, see #1 in acme/payments',
    },
  ],
};

export const openWorkspace = (clock: Clock): Workspace => {
  const messages = new Map(CHANNELS.map(({ id }) => [id, [...(FIRST[id] ?? [])]]));
  let last = 5;
  const find = (channel: string): Channel | undefined => {
    const name = channel.replace(/^#/, '');
    return CHANNELS.find((one) => one.id === channel || one.name === name);
  };
  return {
    channels: CHANNELS,
    find,
    messagesOf: (channel) => messages.get(find(channel)?.id ?? ''),
    post: (channel, message) => {
      last += 1;
      const posted = { ts: `${Math.floor(clock() / 1000)}.${String(last).padStart(6, '0')}`, ...message };
      messages.get(channel.id)?.push(posted);
      return posted;
    },
    remove: (channel, ts) => {
      const all = messages.get(channel.id) ?? [];
      const rest = all.filter((message) => message.ts !== ts && message.threadTs !== ts);
      messages.set(channel.id, rest);
      return rest.length < all.length;
    },
  };
};
