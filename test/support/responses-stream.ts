type Json = Record<string, unknown>;

interface Growing {
  readonly item: Json;
  text: string;
  done?: Json;
}

/** The events of a stream of Responses, each checked: its name is its type, and they count from 0. */
export const readResponseEvents = (text: string): Json[] =>
  text
    .split('\n\n')
    .filter((frame) => frame !== '' && !frame.startsWith(':'))
    .map((frame, index) => {
      const [first = '', second = '', ...more] = frame.split('\n');
      const data = JSON.parse(second.replace(/^data: /, '')) as Json;
      if (first !== `event: ${String(data.type)}` || more.length > 0) throw new Error(`not a frame: ${frame}`);
      if (data.sequence_number !== index) throw new Error(`${String(data.sequence_number)} is not ${index}`);
      return data;
    });

const END = new Set(['response.completed', 'response.incomplete', 'response.failed']);

/**
 * Reads a stream as strictly as a client may and gives the response it ends with.
 *
 * Errors: a plain `Error` that says what stood where it may not.
 */
export const assembleResponse = (text: string): Json & { output: Json[]; status: string } => {
  const [created, inProgress, ...rest] = readResponseEvents(text);
  if (created?.type !== 'response.created' || inProgress?.type !== 'response.in_progress')
    throw new Error('does not begin with response.created, response.in_progress');
  const items: Growing[] = [];
  let end: Json | undefined;
  for (const event of rest) {
    if (end !== undefined) throw new Error('something after the end');
    if (END.has(String(event.type))) end = event.response as Json;
    else if (event.type !== 'error') apply(items, event);
  }
  if (end === undefined) throw new Error('no end');
  const output = end.output as Json[];
  if (end.id !== (created.response as Json).id) throw new Error('another response');
  if (end.status !== 'failed') {
    if (items.some(({ done }) => done === undefined)) throw new Error('an item that is not done');
    if (JSON.stringify(output) !== JSON.stringify(items.map(({ done }) => done))) throw new Error('another output');
  }
  return end as Json & { output: Json[]; status: string };
};

const apply = (items: Growing[], event: Json): void => {
  const type = String(event.type);
  const at = Number(event.output_index);
  if (type === 'response.output_item.added') {
    if (at !== items.length) throw new Error(`item ${at} after ${items.length}`);
    items.push({ item: event.item as Json, text: '' });
    return;
  }
  const growing = items[at];
  if (growing === undefined || growing.done !== undefined) throw new Error(`${type} outside of its item`);
  if (type === 'response.output_item.done') {
    growing.done = event.item as Json;
    if (growing.done.id !== growing.item.id) throw new Error('another item');
    if (textOf(growing.done) !== growing.text) throw new Error(`${textOf(growing.done)} is not ${growing.text}`);
    return;
  }
  if (event.item_id !== growing.item.id) throw new Error(`${type} of another item`);
  if (type.endsWith('.delta')) growing.text += String(event.delta);
  const whole = event.text ?? event.arguments;
  if (type.endsWith('.done') && whole !== undefined && whole !== growing.text)
    throw new Error(`${type} says otherwise`);
};

const textOf = (item: Json): string => {
  if (item.type === 'function_call') return String(item.arguments);
  const parts = (item.type === 'reasoning' ? item.summary : item.content) as Json[];
  return parts.map(({ text }) => String(text)).join('');
};
