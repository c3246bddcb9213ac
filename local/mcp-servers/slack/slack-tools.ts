import {
  ADDS,
  type Arguments,
  count,
  DESTROYS,
  integerOf,
  type LocalTool,
  READS,
  stringOf,
  ToolError,
  text,
} from '../tool.ts';
import type { Channel, Message, Workspace } from './workspace.ts';

const CHANNEL = text('Id or name of the channel, such as C02DEPLOYS or deploys', 80);
const TEXT = text('What to say', 4_000);
const TS = text('The ts of the message', 20);

/** What the people of a workspace may do in it, as tools. */
export const slackTools = (workspace: Workspace): readonly LocalTool[] => {
  const channelOf = (args: Arguments): Channel => {
    const found = workspace.find(stringOf(args, 'channel'));
    if (found === undefined) throw new ToolError('channel_not_found: list_channels says which there are');
    return found;
  };
  const threadOf = (channel: Channel, args: Arguments): Message => {
    const ts = stringOf(args, 'thread_ts');
    const found = workspace.messagesOf(channel.id)?.find((message) => message.ts === ts);
    if (found === undefined) throw new ToolError('thread_not_found: get_channel_history has the ts of each message');
    return found;
  };

  return [
    {
      name: 'list_channels',
      title: 'List channels',
      description: 'Lists the channels of the workspace with their topics.',
      properties: {},
      required: [],
      annotations: READS,
      run: () => ({ channels: workspace.channels }),
    },
    {
      name: 'get_channel_history',
      title: 'Read a channel',
      description: 'Reads the latest messages of a channel, oldest first, replies in threads included.',
      properties: { channel: CHANNEL, limit: count('How many messages at most; 20 if left out') },
      required: ['channel'],
      annotations: READS,
      run: (args) => {
        const channel = channelOf(args);
        return {
          channel: channel.name,
          messages: workspace.messagesOf(channel.id)?.slice(-integerOf(args, 'limit', 20)),
        };
      },
    },
    {
      name: 'post_message',
      title: 'Post a message',
      description: 'Posts a message to a channel as the person who is signed in.',
      properties: { channel: CHANNEL, text: TEXT },
      required: ['channel', 'text'],
      annotations: ADDS,
      run: (args, { sub }) => {
        const channel = channelOf(args);
        return { channel: channel.name, message: workspace.post(channel, { user: sub, text: stringOf(args, 'text') }) };
      },
    },
    {
      name: 'reply_to_thread',
      title: 'Reply in a thread',
      description: 'Answers a message in its thread as the person who is signed in.',
      properties: { channel: CHANNEL, thread_ts: TS, text: TEXT },
      required: ['channel', 'thread_ts', 'text'],
      annotations: ADDS,
      run: (args, { sub }) => {
        const channel = channelOf(args);
        const { ts, threadTs = ts } = threadOf(channel, args);
        const message = workspace.post(channel, { user: sub, text: stringOf(args, 'text'), threadTs });
        return { channel: channel.name, message };
      },
    },
    {
      name: 'search_messages',
      title: 'Search messages',
      description: 'Finds messages in all channels that contain some words, whatever their case.',
      properties: { query: text('The words to look for'), limit: count('How many messages at most; 20 if left out') },
      required: ['query'],
      annotations: READS,
      run: (args) => {
        const words = stringOf(args, 'query').toLowerCase();
        const found = workspace.channels.flatMap(({ id, name }) =>
          (workspace.messagesOf(id) ?? [])
            .filter((message) => message.text.toLowerCase().includes(words))
            .map((message) => ({ channel: name, message })),
        );
        return { matches: found.slice(0, integerOf(args, 'limit', 20)) };
      },
    },
    {
      name: 'delete_message',
      title: 'Delete a message',
      description: 'Removes a message from a channel, with its thread. It cannot be brought back.',
      properties: { channel: CHANNEL, ts: TS },
      required: ['channel', 'ts'],
      annotations: DESTROYS,
      run: (args) => {
        const channel = channelOf(args);
        if (!workspace.remove(channel, stringOf(args, 'ts'))) throw new ToolError('message_not_found');
        return { channel: channel.name, deleted: true };
      },
    },
  ];
};
