import { isObject, type JsonObject } from './json-rpc.ts';

export interface Task {
  readonly taskId?: string;
  readonly taskState?: string;
}

/** The task that a message or a question is about. Source: A2A specification, "Protocol RPC methods". */
export const taskAsked = ({ message, id, taskId }: JsonObject): string | undefined => {
  const candidates = [isObject(message) ? message.taskId : undefined, taskId, id];
  return candidates.find((one) => typeof one === 'string');
};

/** What an answer or an event says of a task: as A2A 0.3 has it, or within the member that A2A 1.0 names it by. */
export const taskIn = (answer: unknown): Task => {
  const result = isObject(answer) && isObject(answer.result) ? answer.result : undefined;
  if (result === undefined) return {};
  const about = [result.task, result.statusUpdate].find(isObject) ?? result;
  const state = isObject(about.status) ? about.status.state : undefined;
  if (typeof state !== 'string') return {};
  const taskId = about.taskId ?? about.id;
  return { taskState: state, ...(typeof taskId === 'string' ? { taskId } : {}) };
};

/** The same of whole server-sent events: the last that says something. */
export const taskInEvents = (events: string): Task => {
  const lines = events.split(/\r\n|\r|\n/).filter((line) => line.startsWith('data:') && line.includes('"status'));
  return lines.map((line) => taskIn(parse(line.slice(5)))).findLast(({ taskState }) => taskState !== undefined) ?? {};
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
